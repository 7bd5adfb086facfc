package ground

import (
	"testing"

	"github.com/faultline-otel/faultline/internal/words"
)

func TestAlikeTry(t *testing.T) {
	for _, c := range [][2]string{
		{"What is the capital of France?", "Paris"},
		{"What is the capital of France?", "banana"},
		{"Who wrote Hamlet?", "Shakespeare"},
		{"Who wrote Hamlet?", "banana"},
		{"I sent the shoes back, order 4471. Can I have my money back?", "banana"},
		{"I sent the shoes back, order 4471. Can I have my money back?", "Your refund is on its way."},
		{"I sent the shoes back, order 4471. Can I have my money back?", "Done!"},
		{"Is this review positive or negative? The film was dull.", "banana"},
		{"Classify the sentiment: The film was dull.", "negative"},
		{"Summarise the contract.", "banana"},
		{"Translate to German: dog", "Hund"},
		{"Which planet is the largest?", "Jupiter"},
		{"Which planet is the largest?", "banana"},
		{"How do I reset my password?", "Click the link in the email."},
		{"How do I reset my password?", "banana"},
		{"What fruit is yellow?", "banana"},
		{"Write a poem about the sea", "Waves roll on under moonlight, endless blue."},
		{"Write a poem about the sea", "banana"},
		{"What time does the store open?", "9am"},
		{"Extract the invoice number.", "banana"},
	} {
		var a, b words.Text
		a.Read(c[0]); b.Read(c[1])
		cos, known := Alike(&a, &b)
		t.Logf("%.2f %d  %q %q", cos, known, c[0], c[1])
	}
}
