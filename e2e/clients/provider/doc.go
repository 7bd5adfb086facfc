// Package provider is a stand-in for the model providers: OpenAI (chat completions and responses), Anthropic (messages)
// and Gemini. It answers each request with a scripted reply in the wire format of the API, streamed if asked to, so
// that real SDKs can be run against failures that a real provider shows only now and then.
package provider
