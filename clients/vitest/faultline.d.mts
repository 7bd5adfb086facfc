/** A message as the chat API of OpenAI has it. */
export interface Message {
  role: string;
  content: string;
  tool_calls?: { id: string; type: "function"; function: { name: string; arguments: string } }[];
  tool_call_id?: string;
}

/** What faultline run gives to a system. */
export interface Case {
  row: string;
  run: number;
  input: string;
  system: string;
  messages: Message[];
  tools: unknown[];
  schema?: unknown;
  documents: { id?: string; content: string }[];
  /** Sends an answer as a span: a text, or a chat completion. Without an endpoint it does nothing. */
  record(answer: unknown, options?: { model?: string }): Promise<void>;
}

/** Reads the cases of a file: those of faultline run, or a dataset. The default is FAULTLINE_DATASET. */
export function cases(path?: string): Case[];

/** Runs a function in a span that says which row it is a run of. */
export function withRow<T>(c: Case, fn: () => T | Promise<T>): Promise<T>;
