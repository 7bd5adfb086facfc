// Package llmsessionprocessor follows conversations over their spans: how far they have come, what they cost, and when an agent
// goes round in circles.
package llmsessionprocessor
