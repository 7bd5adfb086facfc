package price

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// counted are texts of ours with how many tokens o200k_base makes of them, as its reference implementation counts.
var counted = map[string]struct {
	text   string
	tokens int64
}{
	"English": {
		"I have checked your order. It left our warehouse in Hamburg on Tuesday and will reach you by Friday at the latest. If nobody is at home, the driver leaves it with a neighbour, or at the parcel shop on the corner.",
		47,
	},
	"Go": {
		"func (r *Row) Cost(u *Usage) (usd float64, err error) {\n\tt := &u.Tokens\n\tvar n [kinds]int64\n\tn[Input], n[CacheRead] = t.UncachedInput.Value, t.CacheRead.Value\n\tif usd > maxCost {\n\t\treturn 0, ErrBadUsage\n\t}\n\treturn usd, nil\n}\n",
		79,
	},
	"table": {
		"| order | item | price |\n|---|---|---:|\n| A-10293 | T-shirt, blue, M | 19.99 |\n| A-10294 | Mug | 8.50 |\n| A-10295 | Poster, 50 x 70 cm | 24.00 |\n",
		66,
	},
	"German": {
		"Die Bestellung wurde gestern aufgegeben und sollte innerhalb von drei Werktagen geliefert werden. Falls Sie Fragen zur Rückgabe haben, wenden Sie sich bitte an unseren Kundendienst, der Ihnen gerne weiterhilft.",
		41,
	},
	"French": {
		"La commande a été passée hier et devrait être livrée dans les trois jours ouvrables. Si vous avez des questions sur le retour, veuillez contacter notre service client, qui se fera un plaisir de vous aider.",
		42,
	},
	"Spanish": {
		"El pedido se realizó ayer y debería entregarse en un plazo de tres días hábiles. Si tiene preguntas sobre la devolución, póngase en contacto con nuestro servicio de atención al cliente.",
		39,
	},
	"Polish": {
		"Zamówienie zostało złożone wczoraj i powinno zostać dostarczone w ciągu trzech dni roboczych. Jeśli mają Państwo pytania dotyczące zwrotu, prosimy o kontakt z działem obsługi klienta.",
		55,
	},
	"Russian": {
		"Заказ был оформлен вчера и должен быть доставлен в течение трёх рабочих дней. Если у вас есть вопросы о возврате, пожалуйста, свяжитесь с нашей службой поддержки.",
		39,
	},
	"Greek": {
		"Η παραγγελία έγινε χθες και θα πρέπει να παραδοθεί εντός τριών εργάσιμων ημερών. Εάν έχετε ερωτήσεις, επικοινωνήστε με την εξυπηρέτηση πελατών.",
		51,
	},
	"Arabic": {
		"تم تقديم الطلب أمس ومن المفترض أن يتم تسليمه خلال ثلاثة أيام عمل. إذا كانت لديك أسئلة حول الإرجاع، فيرجى الاتصال بخدمة العملاء.",
		35,
	},
	"Hebrew": {
		"ההזמנה בוצעה אתמול ואמורה להגיע תוך שלושה ימי עסקים. אם יש לך שאלות לגבי ההחזרה, אנא פנה לשירות הלקוחות שלנו.",
		42,
	},
	"Hindi": {
		"ऑर्डर कल दिया गया था और तीन कार्य दिवसों के भीतर डिलीवर हो जाना चाहिए। यदि वापसी के बारे में आपके कोई प्रश्न हैं, तो कृपया हमारी ग्राहक सेवा से संपर्क करें।",
		43,
	},
	"Thai": {
		"สั่งซื้อเมื่อวานนี้และควรได้รับการจัดส่งภายในสามวันทำการ หากคุณมีคำถามเกี่ยวกับการคืนสินค้า โปรดติดต่อฝ่ายบริการลูกค้าของเรา",
		40,
	},
	"Chinese":  {"订单已于昨天提交，预计将在三个工作日内送达。如果您对退货有任何疑问，请联系我们的客户服务部门，他们将很乐意为您提供帮助。", 39},
	"Japanese": {"ご注文は昨日承りましたので、三営業日以内にお届けできる予定です。返品についてご不明な点がございましたら、カスタマーサービスまでお問い合わせください。", 39},
	"Korean":   {"주문은 어제 접수되었으며 영업일 기준 3일 이내에 배송될 예정입니다. 반품에 대해 궁금한 점이 있으시면 고객 서비스로 문의해 주세요.", 43},
	"JSON": {
		`{"order":{"id":"A-10293","items":[{"sku":"TSHIRT-M-BLUE","quantity":2,"unit_price":19.99},{"sku":"MUG-01","quantity":1,"unit_price":8.5}],"shipping_address":{"street":"12 Long Lane","city":"Leeds","postcode":"LS1 4AP"},"created_at":"2026-11-28T07:30:00Z","status":"shipped"}}`,
		98,
	},
}

// TestEstimateIsCloseToAVocabulary bounds each text loosely, since they are short, and all of them together closely.
func TestEstimateIsCloseToAVocabulary(t *testing.T) {
	var off float64
	for name, c := range counted {
		share := float64(EstimateTokens(c.text)) / float64(c.tokens)
		require.InDelta(t, 1, share, 0.3, name)
		off += math.Abs(share - 1)
	}
	off /= float64(len(counted))
	t.Logf("estimated tokens are off by %.1f %% on average over %d languages and formats", off*100, len(counted))
	require.Less(t, off, 0.12)
}

func TestEstimateTakesAnyText(t *testing.T) {
	require.Zero(t, EstimateTokens(""))
	for _, text := range []string{strings.Repeat("\xff", 1000), strings.Repeat("\u0301", 1000), strings.Repeat("\x00", 1000), strings.Repeat("a", 1000)} {
		got := EstimateTokens(text)
		require.Positive(t, got)
		require.LessOrEqual(t, got, int64(len(text)))
	}
	// What is beyond the part that is looked at counts as that part does.
	part := strings.Repeat("orders leave before noon ", 2000)
	require.InEpsilon(t, float64(100*EstimateTokens(part)), float64(EstimateTokens(strings.Repeat(part, 100))), 0.01)
	require.Zero(t, testing.AllocsPerRun(10, func() { EstimateTokens(part) }))
}

func BenchmarkEstimateTokens(b *testing.B) {
	text := strings.Repeat(counted["English"].text, 20)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		EstimateTokens(text)
	}
}
