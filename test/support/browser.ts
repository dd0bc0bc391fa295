/** What we use of playwright-core, which is no dependency: with it and a browser, more is tested. */
interface Page {
  on(event: 'console', listener: (message: { type(): string; text(): string }) => void): void
  on(event: 'pageerror', listener: (error: Error) => void): void
  on(event: 'request', listener: (request: { url(): string }) => void): void
  goto(url: string): Promise<unknown>
  waitForSelector(selector: string): Promise<unknown>
}

interface Browser {
  newPage(): Promise<Page>
  close(): Promise<void>
}

interface Playwright {
  chromium: { launch(options: object): Promise<Browser> }
}

/** Chromium, or why there is none. */
export async function launchBrowser(): Promise<Browser | string> {
  const name = 'playwright-core'
  try {
    const { chromium } = (await import(/* @vite-ignore */ name)) as Playwright
    return await chromium.launch({ args: ['--no-sandbox'] })
  } catch (error) {
    const [first = ''] = String(error).split('\n')
    return `no browser: ${first}`
  }
}
