// Package llmbudgetextension answers whether a session may go on.
package llmbudgetextension
