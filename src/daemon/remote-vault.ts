import type { Life, Vault } from '../auth/vault.ts'

/** One vault for all workers: the supervisor has it, and the workers ask. */

export type VaultRequest =
  | { kind: 'put'; key: string; value: string; expiresAt: number }
  | { kind: 'take'; key: string }
  | { kind: 'claim'; key: string; life: Life }

export interface VaultAnswer {
  /** What was taken. */
  value?: string | undefined
  isFirst?: boolean
}

/** The supervisor's end. */
export async function answerFrom(vault: Vault, request: VaultRequest): Promise<VaultAnswer> {
  switch (request.kind) {
    case 'put':
      await vault.put(request.key, request.value, request.expiresAt)
      return {}
    case 'take':
      return { value: await vault.take(request.key) }
    case 'claim':
      return { isFirst: await vault.claim(request.key, request.life) }
  }
}

/** A worker's end. Without an answer nothing is there to be taken, and nothing is given. */
export function createRemoteVault(
  ask: (request: VaultRequest) => Promise<VaultAnswer | undefined>,
): Vault {
  return {
    async put(key, value, expiresAt) {
      const answer = await ask({ kind: 'put', key, value, expiresAt })
      if (answer === undefined) throw new Error('the supervisor does not answer')
    },
    take: async (key) => (await ask({ kind: 'take', key }))?.value,
    async claim(key, life) {
      const answer = await ask({ kind: 'claim', key, life })
      if (answer === undefined) throw new Error('the supervisor does not answer')
      return answer.isFirst ?? false
    },
  }
}
