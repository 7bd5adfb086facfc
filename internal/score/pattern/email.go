package pattern

import "strings"

// Limits of RFC 5321.
const (
	maxLocal  = 64
	maxDomain = 253
)

// localParts are the bytes of the part before the @, without letters beyond ASCII.
var localParts = func() (l [256]bool) {
	for b := range 256 {
		l[b] = alnum(byte(b)) || strings.IndexByte("._%+-", byte(b)) >= 0
	}
	return l
}()

// email reads an address around the @ at i: a local part, and a domain under a top-level domain that exists.
func (p *piiScan) email(i int) int {
	s := p.s
	start, low := i, max(p.done, i-maxLocal)
	for start > low {
		latin := start-2 >= low && s[start-1] >= 0x80 && s[start-1] < 0xc0 && s[start-2] >= 0xc3 && s[start-2] <= 0xc9
		if !latin && !localParts[s[start-1]] {
			break
		}
		if start--; latin { // in two bytes
			start--
		}
	}
	// Too long for an address: no address at all.
	if start == low && i-start == maxLocal && start > 0 && localParts[s[start-1]] {
		return i + 1
	}
	for start < i && (s[start] == '.' || s[start] == '-' || s[start] == '%' || s[start] == '+') {
		start++
	}
	if start == i || s[i-1] == '.' || !authority(s, start) {
		return i + 1
	}
	end := domainEnd(s, i+1)
	if end == 0 || at(s, end) == '@' || at(s, end) == '(' {
		return i + 1
	}
	return p.add(start, end, idEmail, sampleEmail(s[start:i], s[i+1:end]) || exemplary(s[:start]))
}

// authority reports whether an address can begin at i: not if the @ belongs to a URL with a user in it.
func authority(s string, i int) bool {
	if i > 1 && s[i-1] == '/' && s[i-2] == '/' {
		return false
	}
	if i > 0 && s[i-1] == ':' {
		for k := i - 2; k >= 0 && k > i-maxLocal; k-- {
			switch b := s[k]; {
			case b == '/':
				return k == 0 || s[k-1] != '/'
			case b <= ' ' || b == '"' || b == '\'' || b == '<':
				return true
			}
		}
	}
	return true
}

// maxExemplary is how far before a value the words stand which introduce an example, in bytes.
const maxExemplary = 24

// examples are words that introduce one.
var examples = [...]string{
	"xample", "e.g.", "exempl", "ejempl", "esempi", "eispiel", "z. B.", "z.B.", "oorbeeld", "例",
}

// exemplary reports whether the end of a text introduces an example.
func exemplary(before string) bool {
	before = before[max(0, len(before)-maxExemplary):]
	for _, word := range examples {
		if strings.Contains(before, word) {
			return true
		}
	}
	return false
}

// set is a set of words.
func set(words string) map[string]bool {
	m := map[string]bool{}
	for word := range strings.FieldsSeq(words) {
		m[word] = true
	}
	return m
}

// roles are local parts that belong to no person: mailboxes of roles, logins of systems, and stand-ins for a name.
var roles = set(
	`abuse account accounts accounting admin administrator admissions advertising alert alerts all api app apply auth
		automated billing board booking bookings bot bounce bounces career careers ceo claims commits compliance concierge
		contact contactus contact-us copyright customer customercare customerservice customer-service customersupport daemon
		data-protection dataprotection delivery dev development developer developers devops devs dmca donotreply do-not-reply
		donate donations dpo editor editorial editors email emails enquiries enquiry events everyone feedback finance
		frontdesk ftp fundraising general git github grievance group guest hello help helpdesk help-desk hi hostmaster hr
		human-resources ideas inbox info information inquiries inquiry invest investor investors invoice invoices it jobs
		kontakt legal list lists login mail mailbox mailer mailer-daemon mailing manager marketing media member members
		membership membership moderator news newsletter no-reply nobody noc node noreply notification notifications notify npm
		office online operations ops order orders payment payments permissions post postgres postmaster press pr privacy
		production program programs promo public purchasing receipts reception recruit recruiting recruitment redaktion refund
		refunds register registrar registration reply report reports request research reservation reservations returns root
		rsvp sales scheduling scholarships secretary security sentry server service services shipping shop signup ssh staff
		store subscribe subscriptions submissions submit suggestions support supportteam survey svn sysadmin system talent
		team tech techsupport tickets training travel trust ubuntu unsubscribe updates user users usenet uucp vendor vendors
		volunteer volunteers web webadmin webmaster welcome work www you your yourname your-name your_name youremail
		your-email your_email your.email your.name name first last firstname lastname firstname.lastname first.last
		firstnamelastname fullname full.name someone somebody anyone username user.name user_name user1 user2 user123 example
		sample test testing tester test1 test123 testuser test.user test-user demo foo bar baz foobar abc abc123 xyz recipient
		recipient1 recipient2 sender from to me myname my-name my_name myemail my-email my_email my.email emailaddress
		email-address email_address address alias john.doe johndoe john_doe john-doe jdoe j.doe jane.doe janedoe jane_doe
		jane-doe max.mustermann maxmustermann erika.mustermann mustermann person friend client partner employee student
		teacher professor boss hiring-manager hiringmanager companyname company ec2-user centos deploy jenkins ci build host
		hostname`,
)

// reserved are second-level names that belong to no one under any top-level domain: those of RFC 2606, and those that
// examples use instead.
var reserved = set(
	`example examples domain yourdomain your-domain mydomain company yourcompany your-company mycompany companyname
		company-name website yourwebsite mywebsite email emailprovider emailaddress mailprovider provider test testing
		testdomain sample placeholder abc xyz foo bar foobar somewhere somedomain domainname yoursite mysite hostname
		organization yourorganization yourbusiness yourschool abccompany abccorp xyzcompany xyzcorp xyz123 fakeemail fake
		fakemail notreal nowhere customdomain otherdomain anotherdomain`,
)

// desk reports whether one part of a local part names a desk: product-feedback, support.eu, us-sales.
func desk(local string) bool {
	for part := range strings.FieldsFuncSeq(local, func(r rune) bool { return r == '-' || r == '_' || r == '.' }) {
		switch part {
		case "support",
			"feedback", "noreply", "service", "services", "billing", "helpdesk", "customer", "customercare", "newsletter",
			"notifications", "marketing", "webmaster", "enquiries",
			"press":
			return true
		}
	}
	return false
}

// sampleEmail reports whether an address belongs to no person.
func sampleEmail(local, domain string) bool {
	var buffer [maxLocal]byte
	n := copy(buffer[:], local)
	for i, b := range buffer[:n] {
		if upper(b) {
			buffer[i] = b | 0x20
		}
		if b == '+' { // a sub-address
			n = i
			break
		}
	}
	if roles[string(buffer[:n])] || roles[strings.TrimRight(string(buffer[:n]), "0123456789")] {
		return true
	}
	if desk(string(buffer[:n])) {
		return true
	}
	for len(domain) > 0 {
		label, rest, more := strings.Cut(domain, ".")
		if len(label) <= len(buffer) {
			n = copy(buffer[:], label)
			for i := range n {
				buffer[i] |= 0x20
			}
			name := string(buffer[:n])
			if !more {
				return name == "test" || name == "invalid" || name == "localhost" || name == "local" || name == "internal"
			}
			if name == "example" || name == "noreply" || name == "users" || reserved[name] && !strings.Contains(rest, ".") {
				return true
			}
		}
		domain = rest
	}
	return false
}
