import * as l10n from '@vscode/l10n';
import type { DriverName } from './drivers';

export interface BuiltInAgent {
  driver: DriverName;
  /** One line. */
  description: string;
  /** The program's name, where the settings contain no path. */
  program?: string;
  /** Arguments that make the program speak the driver's protocol. */
  programArguments?: readonly string[];
  /** A sentence that says what to do where the program is missing. */
  installHint: string;
  /** Program and arguments that install it, where there is one way on every system. */
  installCommand?: string[];
}

/** By the agent's name. This is a function because texts can be translated only after start-up. */
export function builtInAgents(): ReadonlyMap<string, BuiltInAgent> {
  return new Map(
    Object.entries<BuiltInAgent>({
      claude: {
        driver: 'claude',
        description: 'Claude Code',
        program: 'claude',
        ...byNpm('@anthropic-ai/claude-code'),
      },
      codex: {
        driver: 'codex',
        description: 'Codex',
        program: 'codex',
        ...byNpm('@openai/codex'),
      },
      gemini: {
        driver: 'acp',
        description: 'Gemini CLI',
        program: 'gemini',
        programArguments: ['--acp'],
        ...byNpm('@google/gemini-cli'),
      },
      opencode: {
        driver: 'acp',
        description: 'opencode',
        program: 'opencode',
        programArguments: ['acp'],
        ...byNpm('opencode-ai'),
      },
      goose: {
        driver: 'acp',
        description: 'Goose',
        program: 'goose',
        programArguments: ['acp'],
        installHint: l10n.t('See block.github.io/goose for how to install it, or set its path in corral.agents.'),
      },
      demo: {
        driver: 'claude',
        description: l10n.t('A scripted agent that needs no key and no network'),
        installHint: l10n.t('It is part of the extension: reinstall Corral.'),
      },
      command: {
        driver: 'command',
        description: l10n.t('Any program'),
        installHint: l10n.t('Begin the command with an absolute path, or with the name of a program on PATH.'),
      },
    }),
  );
}

function byNpm(packageName: string): Pick<BuiltInAgent, 'installHint' | 'installCommand'> {
  return {
    installHint: l10n.t('Install it with “npm install -g {packageName}”, or set its path in corral.agents.', {
      packageName,
    }),
    installCommand: ['npm', 'install', '-g', packageName],
  };
}
