package sample

import (
	"fmt"
	"strconv"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
)

// returnsBot handles the returns of a shoe shop.
var returnsBot = &app{
	service: "returns-bot", release: "2.14.0", route: "POST /v1/chat",
	agent: "returns-agent", prompt: "returns", promptVersion: "7",
	provider: "openai", model: "gpt-4.1", dialect: semconv{},
	system: "You handle returns for Northwind Footwear. Look the order up before you promise anything. Refunds go to " +
		"the original payment method and take 3 to 5 " +
		"working days. Returns are accepted within 30 days of delivery, unworn. Never refund more than was paid. Answer " +
		"in two or three sentences.",
	tools: []genai.Tool{
		{
			Name: "lookup_order", Description: "Find an order by its number.",
			Parameters: `{"type":"object","properties":{"order_id":{"type":"string","description":"digits ` +
				`only"}},"required":["order_id"],"additionalProperties":false}`,
		},
		{
			Name: "issue_refund", Description: "Pay an amount back to the original payment method.",
			Parameters: `{"type":"object","properties":{"order_id":{"type":"string"},"amount":{"type":"number",` +
				`"minimum":0.01},"currency":{"type":"string","enum":["EUR","GBP","USD"]}},"required":["order_id","amount",` +
				`"currency"],"additionalProperties":false}`,
		},
		{
			Name: "create_return_label", Description: "Create a shipping label for a parcel that comes back.",
			Parameters: `{"type":"object","properties":{"order_id":{"type":"string"},"address_id":{"type":"string"},` +
				`"reason":{"type":"string","enum":["too_small","too_large","damaged","changed_mind","wrong_item"]}},` +
				`"required":["order_id","address_id","reason"],"additionalProperties":false}`,
		},
	},
	healthy: []scenario{refundIsPaid, labelIsSent, returnIsTooLate, returnPolicy},
	failing: []scenario{
		refundAsText, labelWithoutAddress, labelForFreeTextReason, lookupByName, returnsThrottled,
		refundServiceDown, policyIsCut, saysNothing,
	},
}

// order is an order that a customer returns.
type order struct {
	id, item, paid string
	cents          int
	delivered      string
}

func newOrder(s *story) order {
	cents := pick(s.r, 4995, 5990, 7499, 8950, 11900, 13995)
	return order{
		id: strconv.Itoa(44000 + s.r.IntN(5200)),
		item: pick(s.r, "Trail Runner 3, size 42", "Harbour Loafer, size 38", "Alpine Boot, size 44",
			"Court Classic white, size 40", "Kids Rain Boot, size 31"),
		paid:      fmt.Sprintf("%d.%02d", cents/100, cents%100),
		cents:     cents,
		delivered: pick(s.r, "2026-11-02", "2026-11-09", "2026-11-13", "2026-11-18"),
	}
}

func (o order) lookup(s *story) {
	s.calls("lookup_order", fmt.Sprintf(`{"order_id":%q}`, o.id))
	s.runs("orders", fmt.Sprintf(`{"order_id":%q,"item":%q,"paid":%s,"currency":"EUR","delivered":%q,`+
		`"address_id":"adr_%s","status":"delivered"}`,
		o.id, o.item, o.paid, o.delivered, o.id[1:]))
}

func (o order) asksForMoney(s *story) {
	s.asks(fmt.Sprintf(pick(s.r,
		"I sent the shoes back last week, order %s. Can I have my money back?",
		"Hi, your courier picked up my return for order %s on Monday but I have not seen a refund yet.",
		"order %s - returned, tracking says you received it. where is my refund?",
		"Good morning. My parcel for order %s arrived at your warehouse three days ago. Please refund me."), o.id))
}

func refundIsPaid(s *story) {
	o := newOrder(s)
	o.asksForMoney(s)
	o.lookup(s)
	s.calls("issue_refund", fmt.Sprintf(`{"order_id":%q,"amount":%s,"currency":"EUR"}`, o.id, o.paid))
	s.runs("refunds", fmt.Sprintf(`{"refund_id":"rf_%d","state":"pending"}`, 80000+s.r.IntN(9000)))
	s.answers(fmt.Sprintf("Thank you for your patience. I have refunded %s EUR for the %s; it will reach your card "+
		"within 3 to 5 working days.", o.paid, o.item))
}

func labelIsSent(s *story) {
	o := newOrder(s)
	reason := pick(s.r, "too_small", "too_large", "changed_mind")
	s.asks(fmt.Sprintf("The shoes from order %s do not fit (%s). How do I send them back?", o.id, map[string]string{
		"too_small": "one size too small", "too_large": "far too wide",
		"changed_mind": "and honestly I do not like them either",
	}[reason]))
	o.lookup(s)
	s.calls("create_return_label", fmt.Sprintf(`{"order_id":%q,"address_id":"adr_%s","reason":%q}`, o.id, o.id[1:],
		reason))
	s.runs("labels", fmt.Sprintf(`{"label_id":"lb_%d","carrier":"DHL","url":"https://labels.northwind.example/lb"}`,
		3000+s.r.IntN(6000)))
	s.answers(fmt.Sprintf("I have made a DHL label for the %s and sent it to your e-mail address. Drop the parcel at "+
		"any DHL shop within 14 days; the refund follows once it arrives.", o.item))
}

func returnIsTooLate(s *story) {
	o := newOrder(s)
	o.delivered = "2026-09-14"
	s.asks(fmt.Sprintf("I never wore the shoes from order %s. Can I still return them?", o.id))
	o.lookup(s)
	s.answers(fmt.Sprintf("Your %s was delivered on 14 September, and returns are possible within 30 days of delivery, "+
		"so I can no longer take it back. If the shoes have a defect, tell me what is wrong and I will open a warranty "+
		"case.", o.item))
}

const returnsPolicy = "Unworn shoes can be returned within 30 days of delivery. Sale items can be exchanged but not " +
	"refunded. Return shipping is free in the EU; customers in Switzerland and Norway pay 6.90 EUR."

func returnPolicy(s *story) {
	s.asks(pick(s.r, "Do I pay for return shipping to Norway?", "Can I return shoes that I bought in the sale?"))
	s.finds("return policy shipping sale", genai.Document{
		ID: "policy-returns-2026", Score: genai.Some(0.87),
		Content: returnsPolicy,
	},
		genai.Document{ID: "faq-shipping", Score: genai.Some(0.71), Content: "Orders ship within one working day. " +
			"Deliveries to Norway pass customs and take 4 to 7 days."})
	s.answers("Return shipping is free within the EU; from Norway and Switzerland it costs 6.90 EUR. Shoes from the " +
		"sale can be exchanged for another size, but not refunded.")
}

func refundAsText(s *story) {
	o := newOrder(s)
	o.asksForMoney(s)
	o.lookup(s)
	s.calls("issue_refund", fmt.Sprintf(`{"order_id":%q,"amount":"%d,%02d EUR","currency":"EUR"}`, o.id, o.cents/100,
		o.cents%100))
	s.wants(failure.ToolCallMalformed, "type_mismatch")
	s.shown(`{"error":"invalid_arguments"}`)
	s.answers("I have started your refund. You will receive a confirmation shortly.")
}

func labelWithoutAddress(s *story) {
	o := newOrder(s)
	s.asks(fmt.Sprintf("Please send me a return label for order %s, the left shoe has a scratch.", o.id))
	s.calls("create_return_label", fmt.Sprintf(`{"order_id":%q,"reason":"damaged"}`, o.id))
	s.wants(failure.ToolCallMalformed, "missing_required")
	s.shown(`{"error":"invalid_arguments"}`)
	s.answers("I could not create the label just now. Could you tell me which address the parcel will come from?")
}

func labelForFreeTextReason(s *story) {
	o := newOrder(s)
	s.asks(fmt.Sprintf("order %s: colour is nothing like the photo, I want to send them back", o.id))
	o.lookup(s)
	s.calls("create_return_label", fmt.Sprintf(`{"order_id":%q,"address_id":"adr_%s","reason":"colour differs from `+
		`photo"}`, o.id, o.id[1:]))
	s.wants(failure.ToolCallMalformed, "enum_violation")
	s.shown(`{"error":"invalid_arguments"}`)
	s.answers("Your return label is on its way to your e-mail address.")
}

func lookupByName(s *story) {
	name := pick(s.r, "Jonas Lindqvist", "Amira Haddad", "Pauline Moreau", "Tomasz Zielinski")
	o := newOrder(s)
	s.asks(fmt.Sprintf("Hello, this is %s, I think my order is %s. Was my return received?", name, o.id))
	s.calls("lookup_order", fmt.Sprintf(`{"order_id":%q,"customer_name":%q}`, o.id, name))
	s.wants(failure.ToolCallMalformed, "unexpected_param")
	s.shown(`{"error":"invalid_arguments"}`)
	s.answers("I am having trouble finding that order. Could you check the number for me?")
}

func returnsThrottled(s *story) {
	newOrder(s).asksForMoney(s)
	s.raises(429, "openai.RateLimitError",
		"Error code: 429 - {'error': {'message': 'Rate limit reached for gpt-4.1 in organization org-nwf on tokens per "+
			"min (TPM): Limit 450000, Used 448213, Requested 2991. Please try again in 160ms.', 'type': 'tokens', 'param': "+
			"None, 'code': 'rate_limit_exceeded'}}", 0.21)
	s.wants(failure.RateLimit, "throttled")
}

func refundServiceDown(s *story) {
	o := newOrder(s)
	o.asksForMoney(s)
	o.lookup(s)
	s.calls("issue_refund", fmt.Sprintf(`{"order_id":%q,"amount":%s,"currency":"EUR"}`, o.id, o.paid))
	s.breaks("refunds", "PaymentGatewayError", "payment gateway answered 503 for refund of order "+o.id)
	s.answers("Your refund is on its way.")
}

func policyIsCut(s *story) {
	s.asks("Please explain all the rules for returns to me, country by country, including the sale rules and what " +
		"happens with gift cards.")
	s.finds("return policy countries gift card", genai.Document{
		ID: "policy-returns-2026", Score: genai.Some(0.84),
		Content: returnsPolicy,
	})
	s.ends("Here are the rules by country.\n\n**EU**: return shipping is free within 30 days of delivery, the shoes "+
		"must be unworn and in their box. Items from the sale can be exchanged for another size.\n\n**Switzerland and "+
		"Norway**: the same rules hold, but return shipping costs 6.90 EUR, which we take off the refund. Customs may "+
		"ask for the", "length")
	s.last().chat.maxTokens, s.last().chat.out = 96, 96
	s.wants(failure.Truncation, "output_limit")
}

func saysNothing(s *story) {
	s.asks("I want to exchange the size 42 for a 43. Do I have to pay for the parcel?")
	s.answers("")
	s.last().chat.out = 0
	s.wants(failure.BadAnswer, "empty")
}
