package org.hazel.app

import org.hazel.bridge.ChitLine
import org.hazel.bridge.PageOf
import org.hazel.bridge.Taken

/** One chit, facet by facet: where it is, its place in the order, who stands for it. */
class ChitScreen(hall: Hall, private val tally: String, private val id: String) : Screen(hall) {
    private var chit: ChitLine? = null

    override suspend fun live() = hall.wallet.tally(tally, PageOf(most = 0u)).collect {
        // The page is short: a chit that was opened from a list is never far from its end.
        chit = hall.wallet.run { history(tally, PageOf(most = FAR)) }.firstOrNull { it.id == id }
        draw()
    }

    override fun compose(): Sheet {
        val it = chit ?: return Sheet(Text("chit"), emptyList())
        return Sheet(Text("chit"), buildList {
            if (it.units != 0L) add(Figure(Text(if (it.units < 0) "you_paid" else "you_were_paid"), amount(it.units)))
            if (it.memo.isNotEmpty()) add(Note(Plain(it.memo)))
            add(Line(Text("signed"), Plain(hall.phone.day(it.date))))
            add(Line(Text("custody"), Text("custody_" + it.custody.name.lowercase())))
            add(Line(Text("place"), it.place?.let { place -> Text("place_is", place.toString()) } ?: Text("place_none")))
            add(Line(Text("agreement"), Text(if (it.agreed) "agreed_yes" else "agreed_no")))
            add(Line(Text("finality"), Text(if (it.isFinal) "final_yes" else "final_no")))
            outside(it.taken)?.let { why -> add(Note(why, warns = it.taken != Taken.ACCEPTED)) }
            if (!it.mine && it.taken in WAITING) add(Button(Text("accept_payment"), isMain = true, does = trying(::accept)))
            if (it.units != 0L) add(Button(Text("show_code"), does = trying { show(it) }))
        })
    }

    private suspend fun accept() {
        hall.wallet.run { acceptPledge(tally, id) }
    }

    /** A payment of mine as the payment; one of the partner's as my receipt for it. */
    private suspend fun show(it: ChitLine) {
        val code = hall.wallet.run { if (it.mine) paymentCode(tally, id) else receiptCode(tally, id) }
        hall.go(CodeScreen(hall, code, Text(if (it.mine) "show_payment" else "show_receipt", amount(it.units))))
    }

    private companion object {
        const val FAR = 500uL
        val WAITING = setOf(Taken.OVER_LIMIT, Taken.OVER_ALLOWANCE)
    }
}
