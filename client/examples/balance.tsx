import { useClaimable, useStream } from 'flowfi-client/react'

export function Balance({ id, url }: { id: string; url: string }) {
  const { stream, state, error } = useStream(id, { url })
  const { claimable } = useClaimable(id, { url })
  if (error !== undefined) return <p role="alert">{error.message}</p>
  if (stream === undefined) return <p>{state}</p>
  return <p title={state}>{`${claimable} of ${stream.depositedAmount} can be withdrawn`}</p>
}
