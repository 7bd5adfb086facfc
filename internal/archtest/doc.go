// Package archtest tests the import rules of the project. Each rule has a reason. The package has no other code.
package archtest
