package pattern

import "strings"

// ibanLengths is how long an IBAN of each country is, in pairs of country and length.
const ibanLengths = "" +
	"AD24AE23AL28AT20AZ28BA20BE16BG22BH22BI27BR29BY28CH21CR22CY28CZ24DE22DJ27DK18DO28EE20EG29ES24FI18FK18" +
	"FO18FR27GB22GE22GI23GL18GR27GT28HN28HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32LI21LT20LU20LV21" +
	"LY25MA28MC27MD24ME22MK19MN20MR27MT31MU30NI28NL18NO15OM23PK24PL28PS29PT25QA29RO24RS22RU33SA24SC31SD18" +
	"SE24SI19SK24SM27SO23ST25SV28TL23TN24TR26UA29VA22VG24XK20YE30"

// ibanLength returns 0 if no country has those letters.
func ibanLength(a, b byte) int {
	for i := 0; i < len(ibanLengths); i += 4 {
		if ibanLengths[i] == a&^0x20 && ibanLengths[i+1] == b&^0x20 {
			return int(ibanLengths[i+2]-'0')*10 + int(ibanLengths[i+3]-'0')
		}
	}
	return 0
}

// iban reads an IBAN whose two check digits begin at i. It checks the length of the country, groups of four or none,
// and the remainder of 97.
func (p *piiScan) iban(i int) int {
	s, start := p.s, i-2
	if start < 0 || !letter(s[start]) || !letter(s[start+1]) || start > 0 && (alnum(s[start-1]) || s[start-1] == '_') ||
		!digit(at(s, i+1)) {
		return 0
	}
	length := ibanLength(s[start], s[start+1])
	if length == 0 {
		return 0
	}
	var compact [34]byte
	n, end := 0, start
	for ; n < length; end++ {
		b := at(s, end)
		if !alnum(b) {
			if n%4 == 0 && n > 0 && (b == ' ' || b == '-' || b == '.') {
				continue
			}
			if b == 0xc2 && at(s, end+1) == 0xa0 && n%4 == 0 && n > 0 { // no-break space
				end++
				continue
			}
			return 0
		}
		if b >= 'a' {
			b &^= 0x20
		}
		compact[n] = b
		n++
	}
	if alnum(at(s, end)) || at(s, end) == '_' {
		return 0
	}
	// Country and check digits come last, letters count as two digits.
	rest := 0
	for k := range length {
		b := compact[(k+4)%length]
		if digit(b) {
			rest = (rest*10 + int(b-'0')) % 97
		} else {
			rest = (rest*100 + int(b-'A') + 10) % 97
		}
	}
	if rest != 1 {
		return 0
	}
	return p.add(start, end, idIBAN, strings.Contains(documented, string(compact[:length])+" "))
}

// documented are the examples of the registry for countries that texts about IBANs use.
const documented = "" +
	"GB82WEST12345698765432 GB29NWBK60161331926819 GB33BUKB20201555555555 DE89370400440532013000 " +
	"DE75512108001245126199 FR1420041010050500013M02606 FR7630006000011234567890189 ES9121000418450200051332 " +
	"ES7921000813610123456789 IT60X0542811101000000123456 NL91ABNA0417164300 BE68539007547034 " +
	"CH9300762011623852957 AT611904300234573201 PL61109010140000071219812874 SE4550000000058398257466 " +
	"NO9386011117947 DK5000400440116243 FI2112345600000785 IE29AIBK93115212345678 PT50000201231234567890154 " +
	"GR1601101250000000012300695 SA0380000000608010167519 AE070331234567890123456 TR330006100519786457841326 " +
	"LU280019400644750000 CZ6508000000192000145399 HU42117730161111101800000000 IE64IRCE92050112345678 "
