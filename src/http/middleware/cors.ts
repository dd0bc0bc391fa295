/** Headers of answers that scripts of other origins may read beyond those that they always may. */
export const EXPOSED_HEADERS = [
  'ETag',
  'RateLimit',
  'RateLimit-Policy',
  'Retry-After',
  'X-Request-Id',
] as const
