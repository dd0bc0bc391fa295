import type { Dialect } from '../feed/dialect.ts'
import { AROUND } from '../feed/frame.ts'
import { frameName } from './event.ts'
import type { Logged, ReadEvent } from './event.ts'
import { numberOrText } from './numbers.ts'

/** The events of a subscription with the names and fields of FlowFi's own feed. */
export function v1Dialect(read: ReadEvent): Dialect {
  const [beforeName, beforeData, beforeId, end] = AROUND
  return {
    name: 'v1',
    nameOf: frameName,
    eventBlock(entry) {
      const event = read(entry)
      const data = JSON.stringify(payload(event))
      return `${beforeName}${frameName(event.type)}${beforeData}${data}${beforeId}${event.id}${end}`
    },
  }
}

function payload(event: Logged): Record<string, unknown> {
  const { type, timestamp, ledger, transactionHash } = event
  const own = fieldsOf(event)
  const isOfStream = type.startsWith('stream.')
  return {
    ...(isOfStream && { streamId: numberOrText(BigInt(event.streamId)) }),
    ...own,
    transactionHash,
    ledger,
    ...(type !== 'stream.created' && { timestamp }),
  }
}

function fieldsOf({ type, sender, recipient, field, time }: Logged): Record<string, unknown> {
  const fields = (...names: string[]) =>
    Object.fromEntries(names.map((name) => [name, field(name)]))
  switch (type) {
    case 'stream.created':
      return {
        sender,
        recipient,
        ...fields('tokenAddress', 'ratePerSecond', 'depositedAmount'),
        startTime: numberOrText(time('startTime')),
      }
    case 'stream.topped_up':
      return fields('amount', 'newDepositedAmount')
    case 'stream.withdrawn':
      return { recipient, amount: field('amount') }
    case 'stream.cancelled':
      return fields('refundedAmount', 'amountWithdrawn')
    case 'stream.completed':
      return { recipient, totalWithdrawn: field('totalWithdrawn') }
    case 'stream.paused':
      return { sender, pausedAt: numberOrText(time('pausedAt')) }
    case 'stream.resumed':
      return { sender, newEndTime: time('newEndTime').toString() }
    case 'stream.fee_collected':
      return fields('treasury', 'token', 'feeAmount')
    case 'protocol.fee_config_updated':
      return {
        ...fields('admin', 'oldTreasury', 'newTreasury'),
        oldFeeRateBps: Number(field('oldFeeRateBps')),
        newFeeRateBps: Number(field('newFeeRateBps')),
      }
    case 'protocol.admin_transferred':
      return fields('previousAdmin', 'newAdmin')
  }
}
