import { render } from 'preact'
import { App } from './app.tsx'
import { watchDaemon } from './state/daemon.ts'
import { openLine } from './state/line.ts'
import { watchStreams } from './state/streams.ts'

const page = document.getElementById('page')
if (page !== null) {
  page.replaceChildren()
  watchDaemon()
  openLine()
  watchStreams()
  render(<App />, page)
}
