import type { Identity } from '../../auth/identity.ts'
import type { Refused } from '../problem.ts'
import { parseSubscribe, SUBSCRIBE_PATH } from './request.ts'
import type { Asked, Subscribe } from './request.ts'
import type { Style } from './stream.ts'

/** An API that has a feed: ours, or FlowFi's own. */
export interface FeedApi {
  /** As routes know it. */
  path: string
  parse(asked: Pick<Asked, 'parameters' | 'lastEventId'>, identity: Identity): Subscribe | Refused
  /** What only its clients need. */
  styleOf?(requestId: string): Style
}

export const OWN_FEED: FeedApi = {
  path: SUBSCRIBE_PATH,
  parse: ({ parameters, lastEventId }) => parseSubscribe({ parameters, lastEventId }),
}
