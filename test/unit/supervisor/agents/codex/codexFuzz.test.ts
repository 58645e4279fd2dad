import { codexDriver } from '../../../../../src/supervisor/agents/codex/codexDriver';
import { isIgnored, parseCodexNotification } from '../../../../../src/supervisor/agents/codex/codexMessages';
import { describeRpcFuzz } from '../../../../support/agents/rpcFuzz';

describeRpcFuzz('codex', {
  driver: codexDriver,
  recordings: /^codex-app-/,
  program: '/usr/bin/codex',
  mayBeQuiet: (method, params) => isIgnored(method) || parseCodexNotification({ method, params }) !== undefined,
  results: [{ userAgent: 'corral/0.169.0' }, { thread: { id: 't1' } }, { turn: { id: 'u1' } }],
});
