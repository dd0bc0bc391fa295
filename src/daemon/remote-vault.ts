import { VaultUnavailable } from '../auth/vault.ts'
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
  isUnavailable?: boolean
}

/** The supervisor's end. */
export async function answerFrom(vault: Vault, request: VaultRequest): Promise<VaultAnswer> {
  try {
    return await ask(vault, request)
  } catch (error) {
    if (!(error instanceof VaultUnavailable)) throw error
    return { isUnavailable: true }
  }
}

async function ask(vault: Vault, request: VaultRequest): Promise<VaultAnswer> {
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
  askSupervisor: (request: VaultRequest) => Promise<VaultAnswer | undefined>,
): Vault {
  async function keep(request: VaultRequest): Promise<VaultAnswer> {
    const answer = await askSupervisor(request)
    if (answer === undefined) throw new VaultUnavailable('the supervisor does not answer')
    if (answer.isUnavailable) throw new VaultUnavailable('the vault is full')
    return answer
  }

  return {
    async put(key, value, expiresAt) {
      await keep({ kind: 'put', key, value, expiresAt })
    },
    take: async (key) => (await askSupervisor({ kind: 'take', key }))?.value,
    claim: async (key, life) => (await keep({ kind: 'claim', key, life })).isFirst ?? false,
  }
}
