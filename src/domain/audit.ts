/**
 * What comparing a stream with the contract's own storage can find:
 *
 * - `ok` every field equal
 * - `drift` a field differs, or only one side has the stream, or the record cannot be read
 * - `before_log` the stream was created before the log's first ledger and is not known here
 * - `not_yet` nothing to compare now
 * - `archived` as `ok`, but the entry must be restored before anyone can touch the stream
 */
export const AUDIT_CLASSES = ['ok', 'drift', 'before_log', 'not_yet', 'archived'] as const
export type AuditClass = (typeof AUDIT_CLASSES)[number]
