/** What our pages have in common, and the reference page: Swagger UI with a script of our own. */

/** No inline script or style, and nothing from another host. Swagger UI's icons are data URLs. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  // The tabs of the live page share one subscription, in a worker.
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** What every page carries. */
export const PAGE_HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': POLICY,
  'x-frame-options': 'DENY',
}

/** What is at `/` in a checkout whose live page has not been built. */
export const NOT_BUILT = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>flowfi-indexer</title>
  </head>
  <body>
    <main>
      <h1>The live page has not been built</h1>
      <p>Run <code>npm ci</code>, or <code>npm run build:page</code>, and load this page again.</p>
      <p>Everything else works: <a href="docs">the reference</a>, <a href="status">the status</a>.</p>
    </main>
  </body>
</html>
`

/** Its URLs are relative, because a proxy may serve us under a prefix. */
export const DOCS_PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>flowfi-indexer: reference</title>
    <link rel="icon" type="image/png" href="docs/favicon-32x32.png">
    <link rel="stylesheet" href="docs/swagger-ui.css">
  </head>
  <body>
    <main id="reference"></main>
    <script src="docs/swagger-ui-bundle.js"></script>
    <script src="docs/start.js"></script>
  </body>
</html>
`

/** Without `validatorUrl: null` the page would send the document's address to another host. */
export const DOCS_SCRIPT = `SwaggerUIBundle({
  url: 'openapi.json',
  domNode: document.getElementById('reference'),
  presets: [SwaggerUIBundle.presets.apis],
  layout: 'BaseLayout',
  validatorUrl: null,
})
`
