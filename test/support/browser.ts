import { existsSync } from 'node:fs'
import { chromium } from 'playwright-core'
import type { Browser } from 'playwright-core'

/** As the packages of Debian and Ubuntu install it. */
const CHROMIUM = '/usr/bin/chromium'
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--disable-background-networking',
  '--disable-component-update',
]

/** Chromium; a reason to skip the test where it is not installed. CI installs it. */
export async function launchBrowser(): Promise<Browser | string> {
  // oxlint-disable-next-line node/no-process-env -- CI installs what is tested
  if (!existsSync(CHROMIUM) && process.env['CI'] === undefined)
    return `${CHROMIUM} is not installed`
  return chromium.launch({ executablePath: CHROMIUM, args: ARGS })
}
