/** A theme by its label in VS Code, with the classes that VS Code gives to its own document and to webviews. */
export interface Theme {
  label: string;
  workbenchClass: string;
  webviewClass: string;
}

/** The themes in which everything must be legible. */
export const THEMES: Readonly<Record<'light' | 'dark' | 'high contrast' | 'high contrast light', Theme>> = {
  light: { label: 'Light Modern', workbenchClass: 'vs', webviewClass: 'vscode-light' },
  dark: { label: 'Dark Modern', workbenchClass: 'vs-dark', webviewClass: 'vscode-dark' },
  'high contrast': { label: 'Dark High Contrast', workbenchClass: 'hc-black', webviewClass: 'vscode-high-contrast' },
  'high contrast light': {
    label: 'Light High Contrast',
    workbenchClass: 'hc-light',
    webviewClass: 'vscode-high-contrast-light',
  },
};
