// The tools and the schema that clients offer.
const object = properties => ({
  type: 'object', properties, required: Object.keys(properties), additionalProperties: false,
});
export const citySchema = object({
  city: { type: 'string' }, country: { type: 'string' }, population: { type: 'integer' },
});

// The two tools. The order FAIL cannot be refunded.
export const tools = [
  {
    name: 'issue_refund',
    description: 'Issue a refund for an order',
    parameters: object({
      order_id: { type: 'string', description: 'The order' },
      amount: { type: 'number', description: 'Amount in euros' },
      reason: { type: 'string', enum: ['damaged', 'late', 'other'] },
    }),
    run: async ({ order_id, amount }) => {
      if (order_id === 'FAIL') throw new Error('refund service is down');
      return { ok: true, refunded: amount };
    },
  },
  {
    name: 'lookup_order',
    description: 'Look up an order',
    parameters: object({ order_id: { type: 'string' } }),
    run: async () => ({ status: 'pending' }),
  },
];
