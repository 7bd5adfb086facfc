package pattern

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// leaks are the values of a text that a scorer would fail, as type:value.
func leaks(s, key string) []string {
	var list []string
	for _, m := range scanPII(s, key, allPII, nil) {
		if !m.sample {
			list = append(list, types[m.kind].Name+":"+s[m.start:m.end])
		}
	}
	return list
}

func TestPersonalDataIsFound(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"Write to maria.silva@acme-tools.pt, she knows.", "email:maria.silva@acme-tools.pt"},
		{"<mailto:k.o'brien+news@mail.uni-koeln.de>", "email:brien+news@mail.uni-koeln.de"},
		{"请联系zhangwei88@qq.com。", "email:zhangwei88@qq.com"},
		{"jürgen.groß@müller-bau.de", "email:jürgen.groß@müller-bau.de"},
		{"at PETER_PAN@NEVERLAND.CO.UK!", "email:PETER_PAN@NEVERLAND.CO.UK"},
		{"maria@acme.technology or m.silva@acme.photography.", "email:maria@acme.technology email:m.silva@acme.photography"},
		{"maria@münchen.de", "email:maria@münchen.de"},
		{"maria@例え.jp", "email:maria@例え.jp"},
		{"maria@xn--mnchen-3ya.de", "email:maria@xn--mnchen-3ya.de"},
		{"maria@xn--r8jz45g.xn--zckzah.jp, maria@почта.рф", "email:maria@xn--r8jz45g.xn--zckzah.jp email:maria@почта.рф"},
		{"maria@xn--80a1acny.xn--p1ai", "email:maria@xn--80a1acny.xn--p1ai"},
		{"maria@例子.中国", "email:maria@例子.中国"},
		{"请联系maria@例子.中国谢谢", "email:maria@例子.中国"},
		{"请联系zhangwei88@qq.com或者maria@例え.jpまで", "email:zhangwei88@qq.com email:maria@例え.jp"},
		{"请联系zhangwei88@qq.com.谢谢", "email:zhangwei88@qq.com"},
		{"maria@acme.github.io, maria@acme.com.ck", "email:maria@acme.github.io email:maria@acme.com.ck"},
		{"maria@उदाहरण.भारत।", "email:maria@उदाहरण.भारत"},

		{"card 4539 1488 0343 6467, exp 12/27", "card:4539 1488 0343 6467"},
		{"4539-1488-0343-6467", "card:4539-1488-0343-6467"},
		{"It is 4539148803436467.", "card:4539148803436467"},
		{"amex 3782 822463 10014", ""}, // the check digit is wrong
		{"my amex: 3714 496353 98444", ""},
		{"amex 3499 543217 01239 was charged", ""},
		{"My card 36257583983048 expires", "card:36257583983048"},
		{"cc 503802053770 on file", "card:503802053770"},
		{"the value 503802053770 on file", ""},
		{"order id 4539148803436467", ""},
		{"uint64(4539148803436467)", ""},
		{"x4539148803436467 and 4539148803436467a and 0.4539148803436467", ""},

		{"IBAN DE44 5001 0517 5407 3249 31 please", "iban:DE44 5001 0517 5407 3249 31"},
		{"to GB02RVXB01271286793653.", "iban:GB02RVXB01271286793653"},
		{"gb42nawi04454264788619", "iban:gb42nawi04454264788619"},
		{"FR76 3000 4000 0312 3456 7890 143", "iban:FR76 3000 4000 0312 3456 7890 143"},
		{"DE45 5001 0517 5407 3249 31", ""},

		{"SSN 832-13-6314", "ssn:832-13-6314"},
		{"my social security number is 832136314", "ssn:832136314"},
		{"ssn: 832 13 6314", "ssn:832 13 6314"},
		{"832136314 and 832 13 6314", ""},
		{"000-12-3456, 666-12-3456, 932-12-3456, 832-00-6314, 832-13-0000", ""},

		{"+44 20 7183 8750", "phone:+44 20 7183 8750"},
		{"+447911844302", "phone:+447911844302"},
		{"+46 (0)8 928 571 38", "phone:+46 (0)8 928 571 38"},
		{"+1-903-140-4508x769", "phone:+1-903-140-4508x769"},
		{"+49 (171) 392 58 14", "phone:+49 (171) 392 58 14"},
		{"+91 98451 20367", "phone:+91 98451 20367"},
		{"+55 11 96123-7045", "phone:+55 11 96123-7045"},
		{"+86 138 1023 4457", "phone:+86 138 1023 4457"},
		{"0044 20 7183 8750", "phone:0044 20 7183 8750"},
		{"(415) 713-9042", "phone:(415) 713-9042"},
		{"415-713-9042 ext. 31", "phone:415-713-9042 ext. 31"},
		{"415.713.9042", "phone:415.713.9042"},
		{"1-415-713-9042", "phone:1-415-713-9042"},
		{"call me at 415 713 9042", "phone:415 713 9042"},
		{"01 84 17 61 18", "phone:01 84 17 61 18"},
		{"079 2718 1155", "phone:079 2718 1155"},
		{"Tel.: 0221/9371840", "phone:0221/9371840"},
		{"Handy 0171 3925814", "phone:0171 3925814"},
		{"Phone: 358 0594", "phone:358 0594"},
		{"mobile: 9472 7916", "phone:9472 7916"},
		{"电话：13810234457", "phone:13810234457"},
		{"416 60 039 office", "phone:416 60 039"},
		{"(37) 788-063-Office", "phone:(37) 788-063"},
		{"whatsapp 61 98 77 42", "phone:61 98 77 42"},

		{"from 41.176.181.243 today", "ip:41.176.181.243"},
		{"http://86.121.97.248:8080/x", "ip:86.121.97.248"},
		{"36.160.14.148/24", "ip:36.160.14.148"},
		{"6e40:4041:c617:e898:c11:40d2:c669:2eb4", "ip:6e40:4041:c617:e898:c11:40d2:c669:2eb4"},
		{"[2a02:8109:b6c0:1d4::5e1]:443", "ip:2a02:8109:b6c0:1d4::5e1"},
	} {
		require.Equal(t, c.want, strings.Join(leaks(c.text, ""), " "), c.text)
	}
}

func TestWhatOnlyLooksLikePersonalDataStaysOut(t *testing.T) {
	for _, text := range []string{
		// addresses that belong to no person
		"jane@example.com, bob@test.example.org, a@b.test, x@localhost, user@host.invalid", "support@acme.io, info@acme.io, noreply@acme.io, sales2@acme.io, john.doe@gmail.com, your.name@company.com",
		"git@github.com:a/b.git, npm i left-pad@1.3.0, icon@2x.png, @app.route('/x'), C = A@B.T, user@host, foo@bar@baz, me@yourdomain.com", "https://token@acme.io/x and ftp://bob:geheim1@acme.io",
		"maria@acme.nosuchtld, maria@acme.xn--nosuchtld, maria@例え.例え, maria@com, maria@.com, maria@中国, maria@acme..com",
		// numbers that belong to no person
		"4242 4242 4242 4242, 4111111111111111, 5555 5555 5555 4444, 3782 822463 10005, 1234 5678 9012 3456", "123-45-6789, 078-05-1120, 111-11-1111",
		"DE89 3704 0044 0532 0130 00 and GB82 WEST 1234 5698 7654 32", "(555) 123-4567, 212-555-0143, 123-456-7890, +1 800 273 8255, 1-888-407-4747, 555-0199, 0800 1111 222",
		"call the helpline at 0345 854 7777", "+1234567890, 987-654-3210, 000-000-0000, 999-999-9999",
		"10.0.0.1, 192.168.1.10, 172.16.3.4, 127.0.0.1, 0.0.0.0, 255.255.255.0, 8.8.8.8, 1.1.1.1, 203.0.113.7, 198.51.100.23, 192.0.2.1", "::1, fe80::1, 2001:db8::8a2e:370:7334, fc00::12",
		// other things
		"version 10.15.7.42, v1.2.3.4, Chrome/91.0.4472.124, pkg==22.15.31.44, section 21.34.55.89, 2.4.1.0, 1.2.3.4.5, 300.1.2.3", "std::vector::size, a::b::c, 12:34:56, 00:1a:2b:3c:4d:5e, aa:bb:cc:dd:ee:ff:00:11, dead::beef",
		"2023-01-15, 15-01-2023, 2001-2004, 1998 2003, 20240131 120000, 2024-01-31T12:00:00Z, 12/31/2024 10:30", "ISBN 978-0-306-40615-7, 9780306406157, doi 10.1000/182.1234567, Nature 441 (2006) 392-395",
		"550e8400-e29b-41d4-a716-446655440000, 9fceb02d0ae598e95dc970b74767f19372d61af8, 1609459200000", "3.14159265358979, 1,234,567.89, $12,500,000, 6.02214076e23, 1/1000000, 16777216",
		"fibonacci 0 1 1 2 3 5 8 13 21 34 55 89 144 233 377", "01 02 03 04 05 06", "0101 0011 1010", "1010 1100 0101 1110", "call center ticket 4021", "phone order number 12345678, order 4021-5512-88",
		"The phone has 1234 x 2778 pixels", "call f(1234567)", "PHONE, heap size: 256000000", "1024 / 1024 per phone", "Mobile Safari/537.36, 4.500000", "population 8336817", "zip 94103-1234",
		"192.168.1.300, 1.2.3, 10.0.0.0/8, AS15169", "4-3-3 formation", "1-2-3-4-5-6-7", "4.5-5.5-6.5", "pages 415-713",
	} {
		require.Empty(t, leaks(text, ""), text)
	}
}

func TestTheKeyOfAValueTellsWhatItIs(t *testing.T) {
	require.Equal(t, []string{"phone:9472 7916"}, leaks("9472 7916", "phoneNumber"))
	require.Equal(t, []string{"phone:13810234457"}, leaks("13810234457", "mobile"))
	require.Equal(t, []string{"card:503802053770"}, leaks("503802053770", "card_number"))
	require.Equal(t, []string{"ssn:832136314"}, leaks("832136314", "ssn"))
	require.Empty(t, leaks("9472 7916", "order_id"))
}

// check gives a number the digit that Luhn asks for.
func check(digits string) string {
	for d := byte('0'); d <= '9'; d++ {
		if luhn([]byte(digits + string(d))) {
			return digits + string(d)
		}
	}
	panic("no digit")
}

// TestCardsOfAllIssuersAreFound makes cards by the ranges of issuers, in the notations that people write.
func TestCardsOfAllIssuersAreFound(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	total, found := 0, 0
	var missed []string
	for range 200 {
		for prefix, length := range map[string]int{
			"4": 16, "51": 16, "55": 16, "2221": 16, "2720": 16, "34": 15, "37": 15, "6011": 16, "644": 16, "65": 16, "3528": 16, "3589": 16, "36": 14, "30": 14, "62": 16,
		} {
			n := prefix
			for len(n) < length-1 {
				n += string('0' + byte(r.IntN(10)))
			}
			if prefix == "30" {
				n = "301" + n[3:]
			}
			n = check(n)
			grouped := n[:4] + " " + n[4:8] + " " + n[8:12] + " " + n[12:]
			if length < 16 {
				grouped = n[:4] + " " + n[4:10] + " " + n[10:]
			}
			for _, text := range []string{"My card is " + n + ".", "Card: " + grouped, "(card " + strings.ReplaceAll(grouped, " ", "-") + ")"} {
				total++
				if list := leaks(text, ""); len(list) == 1 && strings.HasPrefix(list[0], "card:") {
					found++
				} else if !testCard([]byte(n)) {
					missed = append(missed, text)
				}
			}
		}
	}
	t.Logf("| pii | cards of 15 ranges, 3 notations | %d values, recall %.4f |", total, float64(found)/float64(total))
	require.Empty(t, missed, "but for the card numbers that issuers publish for tests")
}

// TestIBANsOfAllCountriesAreFound makes an IBAN of every country, with and without spaces.
func TestIBANsOfAllCountriesAreFound(t *testing.T) {
	m := newMaker(11)
	for i := 0; i < len(ibanLengths); i += 4 {
		country := ibanLengths[i : i+2]
		body := m.of(digitBase, ibanLength(country[0], country[1])-4)
		rest := 0
		for _, b := range []byte(body + country + "00") {
			if digit(b) {
				rest = (rest*10 + int(b-'0')) % 97
			} else {
				rest = (rest*100 + int(b-'A') + 10) % 97
			}
		}
		iban := fmt.Sprintf("%s%02d%s", country, 98-rest, body)
		var spaced strings.Builder
		for k := range len(iban) {
			if k > 0 && k%4 == 0 {
				spaced.WriteByte(' ')
			}
			spaced.WriteByte(iban[k])
		}
		for _, text := range []string{"Pay to " + iban + ".", "IBAN: " + spaced.String() + ", thanks"} {
			require.Len(t, leaks(text, ""), 1, text)
			require.Contains(t, leaks(text, "")[0], "iban:", text)
		}
	}
}

// TestValuesOfAllTypesAreFound makes values of the other types, in the notations and beside the words that people
// write. It makes no samples, such as numbers that count up or reserved networks.
func TestValuesOfAllTypesAreFound(t *testing.T) {
	m := newMaker(21)
	digits := func(n int) string { return m.of(digitBase, n) }
	from := func(list string) string { f := strings.Fields(list); return f[m.IntN(len(f))] }
	area := func() string { return from("212 415 312 646 713 206 305 617 404 602") }
	exchange := func() string { return from("2 3 4 6 7 8 9") + from("3 4 6 7 8") + digits(1) }
	word := func() string { return from("anna tom mueller li garcia okafor svensson lopez kaya brown") }
	for _, c := range []struct {
		kind   string
		found  int // of 400
		make   func() string
		around string
	}{
		{"ssn", 400, func() string {
			return from("1 2 3 4 5 7 8") + digits(2) + "-" + from("12 34 57 83 91") + "-" + from("1 2 5 8") + digits(3)
		}, "SSN: %|my social security number is %.|(ssn %)|Her SSN, %, is on file"},
		{"email", 400, func() string {
			return word() + from(". _ - +") + word() + digits(2) + "@" + word() + from("-shop mail -it corp") + from(".com .de .co.uk .io .org .fr")
		}, "Write to %.|<%>|mailto:%|%, thanks|E-Mail: %\nName: Tom"},
		{"phone", 400, func() string { return "(" + area() + ") " + exchange() + "-" + digits(4) }, "Call me at %.|Tel. %|%|Mobile: %, after six"},
		{"phone", 400, func() string { sep := from("- ."); return area() + sep + exchange() + sep + digits(4) }, "Call me at %.|my number is %|Cell: %"},
		{"phone", 390, func() string {
			return "+" + from("44 49 33 34 351 46 81 91 55 61") + " " + from("20 171 6 91 70 80") + " " + digits(4) + " " + digits(4)
		}, "Call %.|%|WhatsApp: %"},
		{"phone", 399, func() string { return "0" + from("20 30 171 161 7911 221") + " " + digits(3) + " " + digits(4) }, "Tel: %|Telefon %|phone % (evenings)"},
		{"ip", 400, func() string {
			return from("81 93 145 178 203 62") + "." + from("7 19 84 130 201") + "." + from("3 55 120 240") + "." + from("9 17 88 149 212")
		}, "from IP %|the address % was blocked|client=% status=200|Host: %"},
		{"ip", 400, func() string { return "2a02:" + m.of(hexChars, 4) + ":" + m.of(hexChars, 4) + "::" + m.of(hexChars, 4) }, "from IP %|the address % was blocked|client %"},
	} {
		total, found := 0, 0
		for i := range 400 {
			value := c.make()
			around := strings.Split(c.around, "|")
			text := strings.Replace(around[i%len(around)], "%", value, 1)
			total++
			for _, l := range leaks(text, "") {
				if strings.HasPrefix(l, c.kind+":") {
					found++
					break
				}
			}
		}
		t.Logf(
			"| pii | made values, %-5s as %-24s | %d values, recall %.4f |",
			c.kind,
			c.make(),
			total,
			float64(found)/float64(total),
		)
		require.Equal(t, c.found, found, c.around)
	}
}

// TestNoOpenerIsMissed: looking at eight bytes at once finds what looking at each finds.
func TestNoOpenerIsMissed(t *testing.T) {
	for b := range 256 {
		for at := range 20 {
			for _, around := range []string{"a", "?", "\x80", "\xb0", "\xff", "A", ":", "/"} {
				s := strings.Repeat(around, at) + string([]byte{byte(b)}) + strings.Repeat(around, 20-at) + "7@"
				for i := range s {
					want := i
					for openers[s[want]] == 0 {
						want++
					}
					require.Equal(t, want, nextOpener(s, i), "%q from %d", s, i)
				}
			}
		}
	}
	require.Equal(t, 5, nextOpener("no on", 0))
}
