// Package llmjudgeconnector has models and programs judge answers and sessions, and emits their evaluations as log
// records. It never holds traces up.
package llmjudgeconnector
