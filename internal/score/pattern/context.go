package pattern

import (
	"strings"
	"unicode/utf8"
)

// sense is what a word tells about the number near it.
type sense uint16

const (
	sensePhone   sense = 1 << iota // certainly a telephone
	senseCall                      // an action that may be by telephone
	senseLine                      // a place with a telephone of its own
	senseCard                      // a payment card
	senseSSN                       // a social security number
	senseIP                        // a network address
	senseVersion                   // a version of software
	sensePublic                    // a public hotline
	senseOther                     // a number of another kind: an order, an account, a page
)

// senses are words that decide if the format of a number does not. Telephone numbers look like any others.
var senses = func() map[string]sense {
	m := map[string]sense{}
	for s, words := range map[sense]string{
		sensePhone: `
			phone phones telephone tel telno mobile cell cellphone cellular fax whatsapp hotline landline voicemail telefon
			telefono telefone téléphone teléfono telefonnummer telefoonnummer handy handynummer mobil mobilnummer mobiltelefon
			móvil movil celular tlf rufnummer gsm msisdn puhelin telefonszám teléfonos phonenumber mobilenumber cellulare
			telefoon телефон тел`,
		senseCall: `
			call calls calling called dial dialing texted sms contact contacts reach reachable message messages answering
			office desk home work helpline pager callback imessage viber registered contacted landlines`,
		senseLine: `office desk home work pager`,
		senseCard: `
			card cards creditcard visa mastercard amex maestro discover diners jcb unionpay cc cvv cvc credit debit tarjeta
			karte kreditkarte carte cartão cartao carta kort kaart cardnumber cardno pan`,
		senseSSN:    `ssn ssns social security tin taxpayer itin`,
		sensePublic: `helpline hotline hotlines lifeline crisis toll tollfree switchboard emergency samaritans`,
		senseIP: `
			ip ips ipv4 ipv6 ipaddr ipaddress address addresses host server subnet client firewall blocked ping gateway dns
			remote`,
		senseVersion: `version versions v ver release releases build section chapter firmware rev revision oid`,
		senseOther: `
			order orders id ids invoice account acct reference ref ticket case serial model isbn issn zip zipcode postal
			population sku tracking part booking reservation pnr confirmation flight room policy passport license licence
			licensed doi pmid arxiv issue page pages year years usd eur dollars price cost total sum population barcode ean
			upc asin timestamp epoch unix seed pin score rows bytes width height size memory article articles artikel item items
			artikelnummer bestellnummer kundennummer auftragsnummer pedido commande deal batch lot shipment parcel consignment
			imei iccid vin build job hash ad ads adset campaign pixel creative audience tweet docket trace span commit`,
	} {
		for word := range strings.FieldsSeq(words) {
			m[word] |= s
		}
	}
	return m
}()

// written are words of scripts that are written without spaces.
var written = [...]string{"电话", "電話", "手机", "手機", "携帯", "전화", "โทร"}

// The distance between a word and its number.
const (
	wordsBefore = 8
	bytesBefore = 64
	wordsAfter  = 2
	bytesAfter  = 24
)

// before returns the sense of the nearest word before i that has one of the wanted senses, or speaks of another number.
// In JSON, the words of the value's key come before the text.
func before(s, key string, i int, want sense) sense {
	low := max(0, i-bytesBefore)
	words := wordsBefore
	for i > low && words > 0 {
		b := s[i-1]
		if !letter(b) && b < 0x80 {
			i--
			if b == ']' { // the words before another redacted value are about that value
				if open := strings.LastIndex(s[low:i], marker); open >= 0 {
					i = low + open
				}
			}
			continue
		}
		end := i
		for i > low && (letter(s[i-1]) || s[i-1] >= 0x80) && (i == end || !upper(s[i]) || upper(s[i-1])) {
			i--
		}
		words--
		if found := senseOf(s[i:end], want); found != 0 {
			return found
		}
	}
	if key == "" || i > low && words > 0 {
		return 0
	}
	if low > 0 || words == 0 {
		return 0
	}
	return before(key, "", len(key), want)
}

// after returns the sense of a word right behind a value.
func after(s string, i int, want sense) sense {
	high := min(len(s), i+bytesAfter)
	for words := 0; i < high && words < wordsAfter; {
		if s[i] == '[' || s[i] == '\n' {
			return 0
		}
		if !letter(s[i]) {
			i++
			continue
		}
		start := i
		for i < high && letter(s[i]) {
			i++
		}
		words++
		if found := senseOf(s[start:i], want); found != 0 {
			return found
		}
	}
	return 0
}

// introducers are words that may stand between a number and the word that says what it is: call me at, phone number.
var introducers = set(`
	a al an ao at au auf are by en for her him is me my nr num numero número numéro number numbers nummer no nro of on op
	our the their them this to under unter us via you your à à op på по`)

// label returns the sense of the word that names the number at i, which stands right before it, or before introducers.
// direct reports that there are none. In JSON, the value's key is before the text.
func label(s, key string, i int) (found sense, direct bool) {
	const most = 4 // words
	direct = true
	for range most {
		for i > 0 && s[i-1] < utf8.RuneSelf && !letter(s[i-1]) {
			i--
		}
		end := i
		for i > 0 && end-i < bytesAfter && (letter(s[i-1]) || s[i-1] >= utf8.RuneSelf) &&
			(i == end || !upper(s[i]) || upper(s[i-1])) {
			i--
		}
		switch word := s[i:end]; {
		case word == "" && key == "":
			return 0, false
		case word == "":
			s, key, i = key, "", len(key)
		case introducers[strings.ToLower(word)]:
			direct = false
		default:
			return senseOf(word, sensePhone|senseCall|senseLine), direct
		}
	}
	return 0, false
}

func upper(b byte) bool { return b-'A' < 26 }

func senseOf(word string, want sense) sense {
	const longest = 20
	if len(word) > longest || len(word) < 1 {
		if want&sensePhone != 0 {
			return writtenPhone(word)
		}
		return 0
	}
	var lower [longest]byte
	foreign := false
	for i := range len(word) {
		b := word[i]
		if upper(b) {
			b |= 0x20
		}
		foreign = foreign || b >= 0x80
		lower[i] = b
	}
	if found := senses[string(lower[:len(word)])]; found != 0 {
		if found &= want | senseOther; found != 0 {
			return found
		}
	}
	if foreign && want&sensePhone != 0 {
		return writtenPhone(word)
	}
	return 0
}

func writtenPhone(word string) sense {
	for _, w := range written {
		if strings.Contains(word, w) {
			return sensePhone
		}
	}
	return 0
}
