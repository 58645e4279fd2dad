import type { ToolCategory } from '../../../storage/events';
import { TOOL_CATEGORIES } from '../../../storage/events';

/** The category of each tool of one agent, by the tool's name. */
export type ToolCategories = ReadonlyMap<string, ToolCategory>;

/** The table for the names of the tools in each category. */
export function toolCategories(names: Partial<Record<ToolCategory, readonly string[]>>): ToolCategories {
  const table = new Map<string, ToolCategory>();
  for (const category of TOOL_CATEGORIES) for (const name of names[category] ?? []) table.set(name, category);
  return table;
}
