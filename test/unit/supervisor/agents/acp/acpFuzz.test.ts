import * as v from 'valibot';
import { acpDriver } from '../../../../../src/supervisor/agents/acp/acpDriver';
import { sessionUpdateSchema } from '../../../../../src/supervisor/agents/acp/acpMessages';
import { describeRpcFuzz } from '../../../../support/agents/rpcFuzz';

describeRpcFuzz('acp', {
  driver: acpDriver,
  recordings: /-acp-/,
  program: '/usr/bin/goose',
  mayBeQuiet: (method, params) =>
    v.is(sessionUpdateSchema, params) || ['_auth/status_update', 'fs/write_text_file'].includes(method),
  results: [{ protocolVersion: 1 }, { sessionId: 's1' }],
});
