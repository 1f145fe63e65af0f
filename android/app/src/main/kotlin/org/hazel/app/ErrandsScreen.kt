package org.hazel.app

import org.hazel.bridge.Errand
import org.hazel.bridge.ErrandNews
import org.hazel.bridge.ErrandVerdict
import org.hazel.bridge.Stage
import org.hazel.bridge.TallyLine

/** What partners take along for one another: mine, what I carry, and, for the partner of a tally, who may take something to them. */
class ErrandsScreen(hall: Hall, private val tally: String?) : Screen(hall) {
    private var tallies = emptyList<TallyLine>()
    private var errands = emptyList<Errand>()
    private var carries = false
    private var done: Said? = null

    override suspend fun live() = trying(::look)()

    private suspend fun look() {
        tallies = hall.wallet.run { home() }.tallies
        errands = hall.wallet.run { errands() }
        carries = hall.wallet.run { carriesErrands() }
    }

    override fun compose() = Sheet(Text("errands"), buildList {
        add(Note(Text("errands_about")))
        done?.let { add(Note(it)) }
        tally?.let { addAll(carriers(it)) }
        val (mine, others) = errands.partition { it.addressee != null }
        if (mine.isNotEmpty()) add(Heading(Text("errands_mine")))
        for (it in mine) {
            val until = Text("until", hall.phone.day(it.expires))
            add(Line(Text("errand_for", name(it.addressee)), beside(said(it.said, name(it.with)), until)))
            // What has gone along is told only once, whoever brings it.
            if (it.said != ErrandVerdict.CARRIED && it.said != ErrandVerdict.ARRIVED) add(Button(Text("errand_drop"), does = trying { drop(it) }))
        }
        if (others.isNotEmpty()) add(Heading(Text("errands_carried")))
        for (it in others) {
            add(Line(Text("errand_from", name(it.with)), Text("until", hall.phone.day(it.expires))))
            add(Button(Text("errand_drop"), does = trying { drop(it) }))
        }
        if (errands.isEmpty()) add(Note(Text("errands_none")))
        add(Note(Text(if (carries) "errands_carrying" else "errands_not_carrying")))
        add(Button(Text(if (carries) "errands_carry_no_more" else "errands_carry"), does = trying { carry(!carries) }))
    })

    /** Who may take something to the partner of this tally: everybody else with whom there is one. */
    private fun carriers(tally: String): List<Part> = buildList {
        val others = tallies.filter { it.id != tally && (it.stage == Stage.OPEN || it.stage == Stage.CLOSING) }
        add(Heading(Text("errand_by", name(tally))))
        others.forEach { add(Line(Plain(it.partner), Text("errand_by_under"), does = trying { give(tally, it) })) }
        if (others.isEmpty()) add(Note(Text("errand_nobody")))
    }

    private fun name(tally: String?) = tallies.firstOrNull { it.id == tally }?.partner.orEmpty()

    private suspend fun give(tally: String, by: TallyLine) {
        val given = hall.wallet.run { giveErrand(tally, by.id, WEEK) }
        done = if (given == null) Text("errand_nothing", name(tally)) else Text("errand_ready", by.partner)
        look()
    }

    private suspend fun drop(it: Errand) {
        hall.wallet.run { dropErrand(it.id) }
        look()
    }

    private suspend fun carry(on: Boolean) {
        hall.wallet.run { carryErrands(on) }
        look()
    }

    private companion object {
        /** Somebody who will meet them does so within a week, or is none to be asked. */
        const val WEEK = 604_800uL
    }
}

/** What a carrier says of an errand of mine. */
internal fun said(verdict: ErrandVerdict?, carrier: String): Said =
    if (verdict == null) Text("errand_waits", carrier) else Text("errand_said_" + verdict.name.lowercase(), carrier)

/** What a meeting did to errands, line by line. */
internal fun errandNews(all: List<ErrandNews>, partner: String): List<Said> = buildList {
    for (it in all) when (it) {
        is ErrandNews.OfMine -> add(said(it.said, partner))
        is ErrandNews.ForMe -> {
            add(Text("errand_brought", partner))
            addAll(news(it.tidings))
        }
        is ErrandNews.OfPartner, is ErrandNews.HandedOver -> {}
    }
    val taken = all.count { it is ErrandNews.OfPartner && it.said == ErrandVerdict.CARRIED }
    val handed = all.count { it is ErrandNews.HandedOver }
    if (taken > 0) add(Count("errands_taken", taken.toULong()))
    if (handed > 0) add(Count("errands_handed", handed.toULong()))
}
