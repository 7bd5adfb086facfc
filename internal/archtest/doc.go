// Package archtest holds the import rules of the project as tests, each with its reason. It has no code of its own.
package archtest
