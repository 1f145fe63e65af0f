package org.hazel.app

import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.collectLatest
import org.hazel.bridge.InvoiceLine
import org.hazel.bridge.Payment
import org.hazel.bridge.Quote

/** Pays on a tally: an amount that is typed, or an invoice. Says what it would mean before anything is signed. */
class PayScreen(hall: Hall, private val tally: String, private val invoice: InvoiceLine? = null) : Screen(hall) {
    private val wanted = MutableStateFlow(invoice?.units)
    private var typedAmount = invoice?.let { amount(it.units) }.orEmpty()
    private var memo = invoice?.memo.orEmpty()
    private var insists = false
    private var quote: Quote? = null

    override suspend fun live() {
        // What the next signature needs is computed while the person types.
        hall.wallet.run { makeReady(tally) }
        wanted.collectLatest { units ->
            quote = units?.let { hall.wallet.run { quote(tally, it) } }
            draw()
        }
    }

    override fun compose(): Sheet {
        val quote = quote
        val units = wanted.value
        val canPay = units != null && quote != null && (quote.obstacle == null || (quote.canInsist && insists))
        return Sheet(Text("pay"), buildList {
            if (invoice == null) {
                add(Field("amount", Text("amount"), typedAmount, Kind.AMOUNT) { typedAmount = it; wanted.value = typed(it); draw() })
                add(Field("memo", Text("memo"), memo) { memo = it })
            } else {
                add(Figure(Text("you_are_asked"), amount(invoice.units)))
                invoice.items.forEach { add(Line(Plain("${it.count} × ${it.text}"), amount = amount(it.units))) }
                if (memo.isNotEmpty()) add(Note(Plain(memo)))
            }
            if (quote != null && units != null) {
                add(Line(Text("now"), amount = amount(quote.before), under = direction(quote.before)))
                add(Line(Text("afterwards"), amount = amount(quote.after), under = direction(quote.after)))
                quote.obstacle?.let { add(Note(sentence(it), warns = true)) }
                if (quote.canInsist) add(Switch(Text("insist"), insists) { insists = it; draw() })
            }
            add(Button(Text("pay_now"), isMain = true, isOn = canPay, does = trying(::pay)))
        })
    }

    private suspend fun pay() {
        val payment = Payment(units = wanted.value ?: return, memo = memo, invoice = invoice?.id, insist = insists)
        val code = hall.wallet.run { paymentCode(tally, pay(tally, payment)) }
        hall.instead(CodeScreen(hall, code, Text("show_payment", amount(payment.units))))
    }
}
