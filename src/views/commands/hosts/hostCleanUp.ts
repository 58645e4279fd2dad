import * as vscode from 'vscode';
import type { HostInstallation } from '../../../supervisor/hosts/hostInstallation';
import type { ConnectedOptions } from '../../../supervisor/hosts/whileConnected';
import { formatBytes } from '../../text/formatBytes';
import { showInformationMessage, showWarningMessage } from '../../text/messages';

type Version = Awaited<ReturnType<HostInstallation['otherVersions']>>[number];

/** Lists other versions of Corral's program on a host, and removes those that nothing uses if a person says so. */
export async function cleanUp(
  name: string,
  installation: Pick<HostInstallation, 'otherVersions' | 'remove'>,
  whileShown: <T>(title: string, action: (options: ConnectedOptions) => Promise<T>) => Promise<T>,
): Promise<void> {
  const looking = vscode.l10n.t('Looking at the host “{name}”', { name });
  const versions = await whileShown(looking, async (options) => await installation.otherVersions(options));
  const unused = versions.filter(({ isUsed }) => !isUsed);
  const used = versions.filter(({ isUsed }) => isUsed);
  if (unused.length === 0) {
    const nothing =
      used.length === 0
        ? vscode.l10n.t('“{name}” has no other version of Corral’s program.', { name })
        : vscode.l10n.t('Every other version of Corral’s program on “{name}” is in use: {versions}.', {
            name,
            versions: used.map(shortName).join(', '),
          });
    void showInformationMessage(nothing);
    return;
  }
  const question = vscode.l10n.t('Remove old versions of Corral’s program from “{name}”?', { name });
  const detail = [
    ...unused.map((version) => `${shortName(version)} · ${formatBytes(version.bytes)}`),
    ...used.map((version) => vscode.l10n.t('{version} · stays, since it is in use', { version: shortName(version) })),
    '',
    vscode.l10n.t('A window that has such a version installs it again when it needs it. Sessions stay as they are.'),
  ].join('\n');
  const remove = vscode.l10n.t('Remove');
  if ((await showWarningMessage(question, { modal: true, detail }, remove)) !== remove) return;
  const removing = vscode.l10n.t('Removing old versions from “{name}”', { name });
  const names = unused.map((version) => version.name);
  const removed = await whileShown(removing, async (options) => await installation.remove(names, options));
  const bytes = unused.filter((version) => removed.includes(version.name)).reduce((sum, each) => sum + each.bytes, 0);
  void showInformationMessage(
    removed.length === 1
      ? vscode.l10n.t('Removed 1 version from “{name}”, {size}.', { name, size: formatBytes(bytes) })
      : vscode.l10n.t('Removed {count} versions from “{name}”, {size}.', {
          count: removed.length,
          name,
          size: formatBytes(bytes),
        }),
  );
}

/** With as much of its checksum as tells it from others: `0.4.0 (1f3a9c02)`. */
function shortName({ name }: Pick<Version, 'name'>): string {
  const [, version = name, checksum = ''] = /^(.+)-([0-9a-f]{64})$/.exec(name) ?? [];
  return `${version} (${checksum.slice(0, 8)})`;
}
