package org.hazel.app

import org.hazel.bridge.PageOf
import org.hazel.bridge.Tidings

/** What a scan has changed, and the receipt to show in return. */
class TakenScreen(hall: Hall, private val tidings: Tidings) : Screen(hall) {
    private val paid get() = tidings.payments.isNotEmpty()

    override fun compose() = Sheet(Text("scanned"), buildList {
        news(tidings).forEach { add(Note(it)) }
        if (paid) add(Button(Text("show_receipt_button"), isMain = true, does = trying(::receipt)))
        add(Button(Text("tally"), isMain = !paid) { hall.instead(TallyScreen(hall, tidings.tally)) })
    })

    private suspend fun receipt() {
        val tally = tidings.tally
        val newest = hall.wallet.run { history(tally, PageOf(most = RECENT, paymentsOnly = true)) }.first { !it.mine }
        val code = hall.wallet.run { receiptCode(tally, newest.id) }
        hall.go(CodeScreen(hall, code, Text("show_receipt", amount(newest.units))))
    }

    private companion object {
        const val RECENT = 30u
    }
}
