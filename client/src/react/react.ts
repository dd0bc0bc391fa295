/** What `flowfi-client/react` exports. */

export type { Amount } from '../client.ts'
