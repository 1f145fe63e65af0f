package org.hazel.app

import org.hazel.bridge.InvoiceLine
import org.hazel.bridge.InvoiceState

/** One invoice: pay it or say no; or show it again or take it back, if it is mine. */
class InvoiceScreen(hall: Hall, private val id: String) : Screen(hall) {
    private var invoice: InvoiceLine? = null

    override suspend fun live() = trying { invoice = hall.wallet.run { invoice(id) } }()

    override fun compose(): Sheet {
        val it = invoice ?: return Sheet(Text("invoice"), emptyList())
        return Sheet(Text("invoice"), buildList {
            add(Figure(Text(if (it.mine) "you_ask" else "you_are_asked"), amount(it.units)))
            if (it.memo.isNotEmpty()) add(Note(Plain(it.memo)))
            it.items.forEach { add(Line(Plain("${it.count} × ${it.text}"), amount = amount(it.units))) }
            add(Note(Text("invoice_" + it.state.name.lowercase())))
            add(Note(Text("until", hall.phone.day(it.expires))))
            if (it.state == InvoiceState.ISSUED && it.mine) {
                add(Button(Text("show_code"), isMain = true, does = trying(::show)))
                add(Button(Text("withdraw"), does = trying { hall.wallet.run { withdraw(id) }; live() }))
            } else if (it.state == InvoiceState.ISSUED) {
                add(Button(Text("pay"), isMain = true) { hall.instead(PayScreen(hall, it.tally, it)) })
                add(Button(Text("decline"), does = trying { hall.wallet.run { decline(id) }; live() }))
            }
        })
    }

    private suspend fun show() {
        val it = invoice ?: return
        hall.go(CodeScreen(hall, hall.wallet.run { invoiceCode(id) }, Text("show_invoice", amount(it.units))))
    }
}
