package org.hazel.app

import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.collectLatest
import org.hazel.bridge.ChitLine
import org.hazel.bridge.InvoiceLine
import org.hazel.bridge.PageOf
import org.hazel.bridge.Stage
import org.hazel.bridge.TallyPage
import org.hazel.bridge.Taken

/** One tally: the balance and its course, what is asked, the newest chits and where each of them is. */
class TallyScreen(hall: Hall, private val tally: String) : Screen(hall) {
    private var page: TallyPage? = null

    override suspend fun live() = hall.wallet.tally(tally, PageOf(most = MOST)).collectLatest {
        page = it
        draw()
        // The phone is idle: what the next signature on this tally needs is computed now, so that paying is quick.
        delay(IDLE)
        if (it.tally.stage == Stage.OPEN) hall.wallet.run { makeReady(tally) }
    }

    override fun compose(): Sheet = page?.let { tallySheet(it, hall) } ?: Sheet(Text("tally"), emptyList())

    private companion object {
        const val MOST = 30uL
        const val IDLE = 300L
    }
}

internal fun tallySheet(page: TallyPage, hall: Hall): Sheet {
    val tally = page.tally
    return Sheet(if (tally.partner.isEmpty()) Text("nobody_yet") else Plain(tally.partner), buildList {
        add(Figure(direction(tally.balance), amount(tally.balance)))
        note(tally)?.let { add(Note(it, warns = tally.reconciling)) }
        curve(page.chits)?.let { add(Course(it, Text("curve_spoken", listOf(standing(it.levels.first()), standing(it.levels.last()))))) }
        page.exposure?.takeIf { it.worst > it.held }?.let { add(Note(Text("exposure_worst", tally.partner, amount(it.worst)))) }
        when (tally.stage) {
            Stage.OPEN, Stage.CLOSING -> {
                add(Note(Text("you_can_pay", amount(page.largest))))
                add(Button(Text("pay"), isMain = true, isOn = page.largest > 0) { hall.go(PayScreen(hall, tally.id)) })
                add(Button(Text("ask"), isOn = tally.stage == Stage.OPEN) { hall.go(AskScreen(hall, tally.id)) })
            }
            Stage.INTRODUCED, Stage.OFFERED_TO_ME, Stage.REVISING, Stage.OFFERED_BY_ME ->
                add(Button(Text("terms"), isMain = true) { hall.go(OfferScreen(hall, tally.id)) })
            else -> {}
        }
        add(Button(Text("meet")) { hall.go(MeetScreen(hall, tally.id)) })
        if (page.invoices.isNotEmpty()) add(Heading(Text("invoices")))
        page.invoices.forEach { add(invoiceLine(it, hall)) }
        if (page.chits.isNotEmpty()) add(Heading(Text("chits")))
        page.chits.forEach { add(chitLine(it, tally.id, hall)) }
        if (tally.index > 0uL) add(Button(Text("history")) { hall.go(HistoryScreen(hall, tally.id)) })
        add(Button(Text("terms_and_more")) { hall.go(TermsScreen(hall, tally.id)) })
    })
}

/** A chit with its facets: who paid, when, what for, how far it has come, and whether it waits outside the terms. */
internal fun chitLine(it: ChitLine, tally: String, hall: Hall): Line {
    val what = when {
        it.units == 0L -> Text("kind_" + it.kind.replace(' ', '_'))
        it.units < 0 -> Text("you_paid")
        else -> Text("you_were_paid")
    }
    val memo = it.memo.ifEmpty { null }?.let { memo -> beside(what, Plain(memo)) } ?: what
    val facets = listOfNotNull(Plain(hall.phone.day(it.date)), Text("word_" + it.word), outside(it.taken))
    return Line(memo, facets.reduce<Said, Said>(::beside), amount(it.units).takeIf { _ -> it.units != 0L }) {
        hall.go(ChitScreen(hall, tally, it.id))
    }
}

/** Why a chit does not simply count; none if it does. */
internal fun outside(taken: Taken): Said? = if (taken == Taken.CLEAR) null else Text("taken_" + taken.name.lowercase())

internal fun invoiceLine(it: InvoiceLine, hall: Hall): Line {
    val who = Text(if (it.mine) "you_ask" else "you_are_asked")
    val what = if (it.memo.isEmpty()) who else beside(who, Plain(it.memo))
    return Line(what, Text("until", hall.phone.day(it.expires)), amount(it.units)) { hall.go(InvoiceScreen(hall, it.id)) }
}
