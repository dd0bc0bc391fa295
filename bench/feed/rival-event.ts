/** What rivals send for each event: as many bytes as our event has. */
export const EVENT_TYPE = 'stream.created'
export const TEXT = JSON.stringify('x'.repeat(557))
