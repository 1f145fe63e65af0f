package org.hazel.app

import java.io.IOException
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.Job
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.ensureActive
import org.hazel.bridge.Speaker
import org.hazel.wallet.Homecoming
import org.hazel.wallet.WayHome

/** The site that speaks for me while this phone is away: letting it in by a ticket, going there, and for which tallies it speaks. */
class SiteScreen(hall: Hall) : Screen(hall) {
    private val kept = KeptLink(hall.file)
    private var link = kept.read()
    private var ticket = ""
    private var speakers = emptyList<Speaker>()
    private var partners = emptyMap<String, String>()
    private var going: Job? = null
    private var since = 0L
    private var told = emptyList<Said>()

    override suspend fun live() {
        trying(::look)()
        try {
            awaitCancellation()
        } finally {
            going?.cancel()
        }
    }

    override fun compose() = Sheet(Text("site"), buildList {
        val (at, isFree) = link to (going == null)
        add(Note(at?.let { Text("site_linked", it.host) } ?: Text("site_why")))
        if (at == null) {
            add(Field("ticket", Text("site_ticket"), ticket) { ticket = it; draw() })
            add(Button(Text("site_link"), isMain = true, isOn = isFree && ticket.isNotBlank(), does = trying { travel { it.first(ticket, kept::keep) } }))
        } else {
            add(Button(Text("site_go"), isMain = true, isOn = isFree, does = trying { travel { it.again(at) } }))
        }
        going?.let {
            add(Wait(Text("site_going"), since, since + WITHIN))
            add(Button(Text("site_stop")) { it.cancel() })
        }
        told.forEach { add(Note(it)) }
        if (at != null) {
            if (speakers.isNotEmpty()) add(Heading(Text("site_speaks_for")))
            speakers.forEach { addAll(speaker(it, at.site)) }
            add(Note(Text("site_forget_why")))
            add(Button(Text("site_forget"), isOn = isFree && speakers.none { at.site in it.sites }, does = trying(::forget)))
        }
    })

    private fun speaker(it: Speaker, site: String): List<Part> {
        val (partner, isSite) = partners[it.tally].orEmpty() to (site in it.sites)
        val who = Text(if (isSite) "speaks_site" else if (it.here) "speaks_here" else "speaks_other")
        val turn = trying {
            hall.wallet.run { if (isSite) hostHere(it.tally) else hostAt(it.tally, site) }
            look()
        }
        return listOf(Line(Plain(partner), who), Button(Text(if (isSite) "speak_here" else "speak_site", partner), does = turn))
    }

    private suspend fun look() {
        link = kept.read()
        speakers = hall.wallet.run { speakers() }
        partners = hall.wallet.run { home() }.tallies.associate { it.id to it.partner }
    }

    /** There and back. Nobody waits longer than the way is given. */
    private suspend fun travel(way: suspend (WayHome) -> Homecoming) {
        if (going != null) return
        try {
            came(coroutineScope {
                val trip = async { way(WayHome(hall.wallet.bridge, WITHIN)) }
                going = trip
                since = hall.phone.millis()
                told = emptyList()
                draw()
                try {
                    trip.await()
                } catch (_: CancellationException) {
                    ensureActive()
                    null
                }
            })
        } catch (_: IOException) {
            refuse(Text("not_kept"))
        } finally {
            going = null
        }
        look()
    }

    /** Back from there; nothing if the person did not wait for it. */
    private fun came(come: Homecoming?) {
        if (come == null) return
        come.trouble?.let { return refuse(sentence(it)) }
        told = come.news.flatMap(::news) + listOfNotNull(
            come.declined.size.toULong().takeIf { it > 0uL }?.let { Count("site_declined", it) },
            if (come.pending == 0uL) Text("site_all_final") else Count("site_pending", come.pending),
        )
    }

    private suspend fun forget() {
        kept.forget()
        ticket = ""
        look()
    }

    internal companion object {
        /** Milliseconds after which a way ends by itself, whatever the network does. */
        const val WITHIN = 20_000L
    }
}
