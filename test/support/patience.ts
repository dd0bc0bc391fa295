/**
 * Milliseconds after which a test stops waiting for a condition. This is far more than any test
 * needs, so it expires only if the condition never holds, however busy the machine is.
 */
export const PATIENCE_MS = 120_000
