package io.streamlocks.spring;

import java.util.List;
import org.springframework.boot.autoconfigure.condition.ConditionMessage;
import org.springframework.boot.autoconfigure.condition.ConditionOutcome;
import org.springframework.boot.autoconfigure.condition.SpringBootCondition;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.context.annotation.ConditionContext;
import org.springframework.core.type.AnnotatedTypeMetadata;

/**
 * Matches if {@code stream-locks.urls} has at least one element. The condition of Spring Boot for a property finds no
 * list.
 */
final class OnCoordinatorUrls extends SpringBootCondition {

    private static final String URLS = StreamLockProperties.PREFIX + ".urls";

    @Override
    public ConditionOutcome getMatchOutcome(ConditionContext context, AnnotatedTypeMetadata metadata) {
        List<String> urls = Binder.get(context.getEnvironment())
                .bind(URLS, Bindable.listOf(String.class))
                .orElseGet(List::of);
        ConditionMessage.Builder message = ConditionMessage.forCondition("Coordinator");
        return urls.isEmpty()
                ? ConditionOutcome.noMatch(message.didNotFind("property").items(URLS))
                : ConditionOutcome.match(message.found("property").items(URLS));
    }
}
