import { readRecording } from '../simulator/recording.ts'
import { describeFault, describeFaults } from '../simulator/fault-text.ts'
import { readFaultScript } from '../simulator/faults.ts'
import { createSimulator } from '../simulator/simulator.ts'
import { untilStopped } from './invocation.ts'
import type { Invocation } from './invocation.ts'
import { say } from './terminal.ts'

export interface SimulateOptions {
  fixture: string
  /** Times the recorded pace; Infinity: all ledgers at once. */
  speed: number
  port: number
  faults?: string
}

/** Serves a recording as a Soroban RPC until `signal` aborts. Prints each fault that it plays. */
export async function simulate(
  { terminal, signal }: Pick<Invocation, 'terminal' | 'signal'>,
  { fixture, speed, port, faults }: SimulateOptions,
): Promise<void> {
  const recording = await readRecording(fixture)
  const script = faults === undefined ? [] : await readFaultScript(faults)
  const simulator = await createSimulator({
    recording,
    speed,
    port,
    faults: script,
    onFault: (method, fault) => say(terminal, `${method}: ${describeFault(fault)}`),
  })
  const { contractId, firstLedger, name, network } = recording.header
  const last = recording.ledgers.at(-1)?.sequence ?? firstLedger
  say(
    terminal,
    `${name}: ledgers ${firstLedger} to ${last} as a Soroban RPC on ${simulator.url}
Index it with
  RPC_URL=${simulator.url} CONTRACT_ID=${contractId} NETWORK='${network.passphrase}' npm start`,
  )
  for (const fault of describeFaults(script)) say(terminal, `Fault: ${fault}`)
  void simulator.finished.then(() => say(terminal, 'The last ledger has closed; still serving.'))
  await untilStopped(signal)
  await simulator.close()
}
