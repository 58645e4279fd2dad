import * as l10n from '@vscode/l10n';
import { CorralError, type CorralErrorCode } from '../../storage/errors';

/** What was being done on the way to a host. */
export type HostStep = 'connect' | 'findNode' | 'install' | 'start' | 'request' | 'work';

/** An error of a host for people: which host, at which step, and what to do. */
export class HostError extends CorralError {
  readonly host: string;
  readonly step: HostStep;

  constructor(
    code: Extract<CorralErrorCode, `HOST_${string}`>,
    { host, step }: { host: string; step: HostStep },
    message: string,
    options?: { cause?: unknown },
  ) {
    super(code, l10n.t('Host “{host}”: {message}', { host, message }), options);
    this.name = 'HostError';
    this.host = host;
    this.step = step;
  }
}
