// Package llmbudgetextension holds the budgets of sessions and answers whether a session may make further calls.
package llmbudgetextension
