/**
 * Milliseconds after which a test gives up waiting for a condition. It is far more than any test
 * needs, so that it expires only where the condition never comes, however busy the machine is.
 */
export const PATIENCE_MS = 60_000
