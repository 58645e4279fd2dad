import { execFile, execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const works = (program: string, ...parameters: string[]): boolean => {
  try {
    execFileSync(program, parameters, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

/** True where `gh` is there, and openssl, which makes the certificate of the server that it asks. */
export const canAskForge = process.platform !== 'win32' && works('gh', '--version') && works('openssl', 'version');
export const NO_FORGE = 'gh and openssl are not installed (on Debian: apt-get install gh openssl)';

export interface Certificate {
  key: Buffer;
  cert: Buffer;
  /** The file to trust, for `SSL_CERT_FILE` and git's `http.sslCAInfo`. */
  path: string;
}

/** Makes a certificate for loopback in a folder. */
export async function makeCertificate(folder: string): Promise<Certificate> {
  const [keyFile, path] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'];
  await promisify(execFile)('openssl', [
    ...['req', '-x509', ...curve, '-nodes', '-days', '2'],
    ...['-keyout', keyFile, '-out', path, ...names],
  ]);
  return { key: await readFile(keyFile), cert: await readFile(path), path };
}
