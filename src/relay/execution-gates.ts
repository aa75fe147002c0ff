import type { Request, RetainPolicy } from '../server/backend.js';
import { createExecutionGate, type ExecutionGate, type ExecutionGateOptions } from './execution-gate.js';

/** The gates of the main shell, and of subshells (JEP 91), which run at the same time. */
export interface ExecutionGates extends Pick<
  ExecutionGate,
  'busy' | 'idle' | 'replied' | 'isRunning' | 'cancel' | 'clear'
> {
  /** Takes an execution, or a message of a comm to the main shell. Returns false, and does not take it, if too many wait. */
  add(request: Request, isExecution: boolean): boolean;
}

/** The most subshells in which an identity has executions at the same time. */
const MOST_SUBSHELLS = 16;

/**
 * Gates without anything in them. Each identity has a gate of its own for each subshell: the ids are for clients to choose, so none may be in
 * the way of another.
 */
export function createExecutionGates(options: ExecutionGateOptions): ExecutionGates {
  const main = createExecutionGate(options);
  const subshells = new Map<string, Map<string, ExecutionGate>>();
  const all = (): ExecutionGate[] => [main, ...[...subshells.values()].flatMap((own) => [...own.values()])];

  const gateOf = ({ identity, message }: Request): ExecutionGate | undefined => {
    const subshell = message.header.subshell_id ?? '';
    if (subshell === '') return main;
    const own = subshells.get(identity) ?? new Map<string, ExecutionGate>();
    for (const [id, gate] of own) if (gate.isEmpty) own.delete(id);
    const known = own.get(subshell);
    if (known !== undefined) return known;
    if (own.size >= MOST_SUBSHELLS) return undefined;
    // A signal reaches the main shell alone: it would interrupt another client's cell.
    const gate = createExecutionGate({ ...options, interrupt: () => undefined });
    subshells.set(identity, own.set(subshell, gate));
    return gate;
  };

  return {
    add(request, isExecution) {
      const gate = gateOf(request);
      if (gate === undefined || gate.isFull(request.identity)) return false;
      gate.add({ request, isExecution });
      return true;
    },
    busy: (id) => all().forEach((gate) => gate.busy(id)),
    idle: (id) => all().forEach((gate) => gate.idle(id)),
    replied: (id, failed) => all().forEach((gate) => gate.replied(id, failed)),
    isRunning: (identity) => main.isRunning(identity),
    cancel: (grant: string, retain: RetainPolicy) => all().forEach((gate) => gate.cancel(grant, retain)),
    clear: () => all().forEach((gate) => gate.clear()),
  };
}
