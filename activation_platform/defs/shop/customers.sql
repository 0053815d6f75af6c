-- One row a customer: who they are, and what they bought so far.
select
    customers.customer_id,
    customers.email,
    customers.phone,
    customers.country,
    customers.first_name,
    customers.last_name,
    count(distinct orders.ordered_on) as orders,
    sum(orders.cds) as cds,
    sum(orders.amount_usd)::decimal(12, 2) as spent_usd,
    min(orders.ordered_on) as first_order_on,
    max(orders.ordered_on) as last_order_on,
    count(distinct orders.ordered_on) || ' orders, last on ' || max(orders.ordered_on) as summary,
from customers
join orders using (customer_id)
group by all
