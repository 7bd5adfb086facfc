package pattern

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestBareDigitsAreNoTelephoneNumbers(t *testing.T) {
	for _, text := range []string{
		"Done. I updated contact 4471209835 and linked it to deal 2290187734 in HubSpot.",
		"Message 5512098347 could not be delivered; message 5512098351 was.", "Contact: 4471209835", "contact id: 4471209835",
		"call 8834512290 was recorded", "Calls: 4471209835, 4471209836", "the home 4471209835 is for sale", "Work item 4471209835",
		"order number 302-884-9271", "ID: 302-884-9271", "case no. 302-884-9271", "article 040 2293 1188",
		"Ad set 4539148803436467 spent 310 EUR", "campaign 4539148803436467",
		"| SKU | stock |\n|---|---|\n| 040 2293 1188 | 4 |\n| 040 2293 1190 | 0 |\n| 030 8817 4402 | 12 |",
		"| Contact | Deal |\n|---|---|\n| 4471209835 | 2290187734 |", "| Part | Qty |\n|---|---|\n| 302-884-9271 | 2 |",
		"| Phone model | Serial |\n|---|---|\n| P7 | 040 2293 1188 |", "| Name | Call ID |\n|--|--|\n| Ana | 4471209835 |",
		"| Batch | Weight |\n|---|---|\n| 079 412 86 53 | 12 kg |",
	} {
		require.Empty(t, leaks(text, ""), text)
	}
	for _, key := range []string{"contact_id", "contact", "message_id", "messageId", "callId", "phone_number_id", "phoneNumberId"} {
		require.Empty(t, leaks("4471209835", key), key)
	}
}

func TestWordsMakeDigitsATelephoneNumber(t *testing.T) {
	for _, text := range []string{
		"Call me at %.", "You can reach her under %", "contact number: %", "Desk: %", "the number to call is %", "Phone %", "%-Fax",
		"| Name | Phone |\n|---|---|\n| Ana | % |", "| Name | Mobile no. | City |\n|---|---|---|\n| Ana | % | Porto |",
	} {
		require.Equal(t, []string{"phone:4152098352"}, leaks(strings.Replace(text, "%", "4152098352", 1), ""), text)
	}
	for _, key := range []string{"contactNumber", "phone", "mobile_no", "homePhone"} {
		require.Len(t, leaks("4152098352", key), 1, key)
	}
	require.Len(t, leaks("| Name | Contact |\n|---|---|\n| Ana | 079 412 86 53 |\n| Ben | 079 412 86 59 |", ""), 2)
	require.Len(t, leaks("| Lead | Note |\n|---|---|\n| Ana | (503) 884-2917 |", ""), 1, "a notation of telephones alone")
}

// TestHeadingsOfLongTablesAreRead holds that the heading of a table is found from any row.
func TestHeadingsOfLongTablesAreRead(t *testing.T) {
	row := "| 079 412 86 53 | 4 |\n"
	require.Empty(t, leaks("| SKU | stock |\n|---|---|\n"+strings.Repeat(row, 500), ""))
	require.Len(t, leaks("| Tel. | stock |\n|---|---|\n"+strings.Repeat(row, 500), ""), 500)
}

func TestExamplesOfAddressesBelongToNobody(t *testing.T) {
	for _, text := range []string{
		"email address, example bob.stone@acme-tools.pt", "e.g. bob.stone@acme-tools.pt", "z. B. bob.stone@acme-tools.pt",
	} {
		require.Empty(t, leaks(text, ""), text)
	}
}
